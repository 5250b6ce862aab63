import type { EntriesPage, LedgerInput } from '../../protocol/budget/ledger';
import { HoldfastError } from '../../protocol/failures';
import { ledgerIdOf, QUERY } from '../../protocol/names';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { answer, note, SPENDER, spending } from '../fixtures/spender';
import { aborted, notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('budgets');
const budgets = () => temporal.holdfast.budgets;

test('a run spends from its account and all above it, and gives back what it has left', async () => {
  await temporal.during(spending([note('a'), note('b'), answer('done')]), async () => {
    await budgets().create('one', { funds: 10, by: 'ana', reason: 'first' });
    await budgets().create('one/team', { caps: { day: 5 } });
    const run = await temporal.holdfast.start('spender', { id: 'spends', input: 'go', account: 'one/team' });
    const { costUsd, stopReason } = await run.result();
    expect([costUsd, stopReason]).toEqual([0.006, 'completed']);
    expect(await budgets().list('one')).toMatchObject([
      { account: 'one', funded: 10, spent: 0.006, leased: 0, available: 9.994, calls: 3, holders: 0 },
      { account: 'one/team', funded: null, spent: 0.006, leased: 0, available: 4.994, today: 0.006, calls: 3 },
    ]);
    const { entries, problem } = await budgets().entries('one');
    expect(problem).toBeNull();
    expect(entries[0]).toMatchObject({ n: 1, kind: 'open', account: 'one', by: 'ana', reason: 'first' });
    // One lease for all three calls: there is plenty.
    expect(entries.filter(({ kind }) => kind === 'lease')).toHaveLength(1);
  });
});

test('a run without an account has nothing of all this in its history', async () => {
  await temporal.during(spending([note('a'), answer('done')]), async () => {
    const run = await temporal.holdfast.start('spender', { id: 'free', input: 'go' });
    await run.result();
    const kinds = (await temporal.events('free')).map(({ eventType }) => String(eventType));
    expect(kinds.filter((kind) => /SIGNAL|TIMER|EXTERNAL/i.test(kind))).toEqual([]);
  });
});

test('an empty account parks a run and asks once; an approval tops up, and the run goes on', async () => {
  await temporal.during(spending([answer('done')]), async () => {
    await budgets().create('two', { funds: 0, ask: { amount: 1, approvers: ['role:boss'] } });
    const run = await temporal.holdfast.start('spender', { id: 'parks', input: 'go', account: 'two' });
    let id = '';
    await eventually(async () => {
      const [open] = await temporal.holdfast.approvals.list({ run: ledgerIdOf('two') });
      expect(open).toMatchObject({ kind: 'budget', approvers: ['role:boss'] });
      id = open?.id ?? '';
    });
    await eventually(async () => expect(await run.state()).toMatchObject({ status: 'waiting', waitsFor: [{ id }] }));
    expect(await budgets().get('two')).toMatchObject({ waiting: 1, approvals: [id], spent: 0 });
    await temporal.holdfast.approvals.approve(id, { by: 'bo', as: 'role:boss' });
    expect((await run.result()).output).toBe('done');
    expect(await budgets().get('two')).toMatchObject({ funded: 1, spent: 0.002, leased: 0, approvals: [] });
  });
});

test('a top-up withdraws the question; a denial ends the runs that wait; "stop" asks nobody', async () => {
  await temporal.during(spending([answer('one'), answer('two')]), async () => {
    await budgets().create('three', { funds: 0 });
    const run = await temporal.holdfast.start('spender', { id: 'tops', input: 'go', account: 'three' });
    const asked = async () => {
      let id = '';
      await eventually(async () => {
        [id = ''] = (await budgets().get('three')).approvals;
        expect((await temporal.holdfast.approvals.get(id)).outcome).toBeNull();
      });
      return id;
    };
    const first = await asked();
    await budgets().topUp('three', 0.011);
    expect((await run.result()).stopReason).toBe('completed');
    await eventually(async () =>
      expect((await temporal.holdfast.approvals.get(first)).outcome?.verdict).toBe('withdrawn'),
    );
    const denied = await temporal.holdfast.start('spender', { id: 'denied-money', input: 'go', account: 'three' });
    await temporal.holdfast.approvals.deny(await asked(), { by: 'bo', reason: 'enough' });
    expect(await denied.result()).toMatchObject({ stopReason: 'max-cost', detail: expect.stringContaining('enough') });
    await budgets().setTerms('three', { whenEmpty: 'stop' });
    const stopped = await temporal.holdfast.start('spender', { id: 'stopped-money', input: 'go', account: 'three' });
    expect((await stopped.result()).stopReason).toBe('max-cost');
    expect((await budgets().get('three')).approvals).toEqual([]);
  });
});

test('the account of an agent is that of its runs; an account nobody made fails the run; unknown prices are refused or counted', async () => {
  const priceless = { ...SPENDER, name: 'priceless', model: 'unpriced/steps', account: 'four' };
  const options = spending([answer('done')], { account: 'four' });
  const steps = scriptedModel([answer('counted')], { name: 'unpriced' });
  const all = {
    ...options,
    agents: [...(options.agents ?? []), priceless],
    providers: [...(options.providers ?? []), steps],
  };
  await temporal.during(all, async () => {
    const early = await temporal.holdfast.start('spender', { id: 'early', input: 'go', account: 'nowhere' });
    await expect(early.result()).rejects.toMatchObject({ code: 'Budget.Unknown' });
    await budgets().create('four', { funds: 1 });
    await (await temporal.holdfast.start('spender', { id: 'default-account', input: 'go' })).result();
    expect(await budgets().get('four')).toMatchObject({ spent: 0.002 });
    const refused = await temporal.holdfast.start('priceless', { id: 'no-price', input: 'go' });
    await expect(refused.result()).rejects.toMatchObject({ code: 'Model.UnknownPrice' });
    await budgets().setTerms('four', { unknownPrice: 0.25 });
    const counted = await temporal.holdfast.start('priceless', { id: 'counted', input: 'go' });
    expect((await counted.result()).costIncomplete).toBe(true);
    expect(await budgets().get('four')).toMatchObject({ spent: 0.252, leased: 0 });
  });
});

test('a priced tool is paid before it runs, once, from the account and from the limit of the run', async () => {
  const tool = notingTool('note', { priceUsd: 0.5 });
  await temporal.during(spending([note('a'), note('b'), answer('done')], {}, tool), async () => {
    await budgets().create('five', { funds: 0.6, whenEmpty: 'stop' });
    const run = await temporal.holdfast.start('spender', { id: 'tool-price', input: 'go', account: 'five' });
    expect(await run.result()).toMatchObject({ stopReason: 'completed', costUsd: 0.506 });
    expect(tool.calls).toHaveLength(1);
    expect(await budgets().get('five')).toMatchObject({ spent: 0.506, leased: 0 });
  });
});

test('what is nonsense is refused, and changes nothing', async () => {
  await temporal.during(spending([]), async () => {
    const { create, topUp } = { create: budgets().create.bind(budgets()), topUp: budgets().topUp.bind(budgets()) };
    await create('six', { funds: 1 });
    const raw = temporal.client.workflow.getHandle(ledgerIdOf('six'));
    for (const amount of [-1, 0, Number.NaN, 1e18]) {
      await expect(topUp('six', amount)).rejects.toMatchObject({ code: 'Input.Invalid' });
      await expect(raw.executeUpdate('topUp', { args: [{ by: 'x', account: 'six', amount }] })).rejects.toMatchObject({
        cause: { type: 'Budget.Invalid' },
      });
    }
    await expect(create('six')).rejects.toMatchObject({ code: 'Budget.Exists' });
    await expect(create('six/a/b')).rejects.toMatchObject({ code: 'Budget.Unknown' });
    await expect(create('../six')).rejects.toMatchObject({ code: 'Input.Invalid' });
    await expect(create('six/six', { unit: 'credits' })).rejects.toMatchObject({ code: 'Budget.Invalid' });
    await expect(create('elsewhere', { timeZone: 'Mars/Base' })).rejects.toMatchObject({ code: 'Budget.Invalid' });
    await expect(topUp('seven', 1)).rejects.toMatchObject({ code: 'Budget.Unknown' });
    await expect(budgets().unfreeze('six')).rejects.toMatchObject({ code: 'Budget.Frozen' });
    await raw.signal('lease', { lease: 'x', holder: 'x', account: 'six', seq: 1, spent: -5, need: 1e300 });
    await raw.signal('lease', null);
    expect(await budgets().get('six')).toMatchObject({ funded: 1, spent: 0, leased: 0, waiting: 0 });
    expect((await budgets().entries('six')).entries).toHaveLength(1);
  });
});

test('a run that is terminated with money gives it back by itself: what is known to be spent is, the rest returns', async () => {
  let reached = 0;
  const hanging = notingTool('note', {
    answer: async (_text, { signal }) => {
      reached++;
      await aborted(signal);
      throw signal.reason;
    },
  });
  await temporal.during(spending([note('a')], {}, hanging), async () => {
    await budgets().create('eight', { funds: 10, checkHolders: '1s' });
    await temporal.holdfast.start('spender', { id: 'gone', input: 'go', account: 'eight' });
    await eventually(async () => expect(reached).toBe(1));
    expect((await budgets().get('eight')).leased).toBeGreaterThan(0);
    await temporal.client.workflow.getHandle('gone').terminate();
    await eventually(async () =>
      expect(await budgets().get('eight')).toMatchObject({ spent: 0.002, leased: 0, holders: 0 }),
    );
    expect((await budgets().entries('eight')).entries.map(({ kind }) => kind)).toEqual([
      'open',
      'lease',
      'spend',
      'reclaim',
    ]);
  });
});

test('leases outlive the ledger and the run continuing as new; the book goes on across both', async () => {
  const steps = [...Array.from({ length: 6 }, (_, at) => note(String(at))), answer('done')];
  await temporal.during(spending(steps), async () => {
    const input: LedgerInput = { root: 'nine', entriesPerRun: 5 };
    const start = { workflowId: ledgerIdOf('nine'), taskQueue: temporal.taskQueue, args: [input] as [LedgerInput] };
    await temporal.client.workflow.start('ledger', start);
    await budgets().create('nine', { funds: 0.03 });
    const options = { id: 'paid-rolls', input: 'go', account: 'nine', rolloverTurns: 2 };
    expect(await (await temporal.holdfast.start('spender', options)).result()).toMatchObject({ costUsd: 0.014 });
    expect(await budgets().get('nine')).toMatchObject({ spent: 0.014, leased: 0, calls: 7 });
    const { entries, problem, earlier } = await budgets().entries('nine');
    expect([problem, earlier]).toEqual([null, null]);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, at) => at + 1));
    expect(entries.length).toBeGreaterThan(15);
    const last = await temporal.client.workflow.getHandle(ledgerIdOf('nine')).query<EntriesPage>(QUERY.entries);
    expect(last.segment?.to).toBeGreaterThan(5);
    expect(last.segment?.artifact?.id).toMatch(/^sha256:/);
  });
});

test('room for ten calls and a hundred asking at once: ten run', async () => {
  const dear: ScriptedStep = { text: 'done', usage: { inputTokens: 0, outputTokens: 10_000 } };
  const model = scriptedModel(Array.from({ length: 100 }, () => dear));
  await temporal.during({ ...spending([]), providers: [model] }, async () => {
    await budgets().create('ten', { funds: 0.105, whenEmpty: 'stop' });
    const runs = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        temporal.holdfast.start('spender', { id: `ten-${at}`, input: 'go', account: 'ten' }),
      ),
    );
    const reasons = (await Promise.all(runs.map((run) => run.result()))).map(({ stopReason }) => stopReason);
    expect(reasons.filter((reason) => reason === 'completed')).toHaveLength(10);
    expect(reasons.filter((reason) => reason === 'max-cost')).toHaveLength(90);
    expect(model.requests).toHaveLength(10);
    expect(await budgets().get('ten')).toMatchObject({ spent: 0.1, leased: 0, calls: 10, waiting: 0 });
  });
}, 180_000);

test('an attempt whose worker stopped in the middle is paid, and fits the lease with the next one', async () => {
  let asked = 0;
  const hangs: ScriptedStep = async (_request, { signal }) => {
    asked++;
    await aborted(signal);
    throw signal.reason;
  };
  const first = await temporal.worker(spending([hangs]));
  const run = await first.runUntil(async () => {
    await budgets().create('lost', { funds: 1 });
    const started = await temporal.holdfast.start('spender', { id: 'lost-money', input: 'go', account: 'lost' });
    await eventually(async () => expect(asked).toBe(1));
    return started;
  });
  await temporal.during(spending([answer('done')]), async () => {
    const { costUsd } = await run.result();
    const account = await budgets().get('lost');
    // The worst case is a cent and a little; the answer cost 0.2 cents.
    expect(account.lost).toBeGreaterThan(0.01);
    expect(account.lost).toBeLessThan(0.011);
    expect(account.spent).toBeCloseTo(account.lost + 0.002, 6);
    expect(costUsd).toBeCloseTo(account.spent, 6);
    expect((await budgets().entries('lost')).problem).toBeNull();
  });
});

test('attempts the vendor refused cost nothing, however many there were', async () => {
  const busy = (): ScriptedStep => ({ text: '', error: new HoldfastError('Model.Overloaded', 'come back later') });
  await temporal.during(spending([busy(), busy(), answer('done')]), async () => {
    await budgets().create('busy', { funds: 1 });
    const run = await temporal.holdfast.start('spender', { id: 'busy-money', input: 'go', account: 'busy' });
    expect((await run.result()).costUsd).toBe(0.002);
    expect(await budgets().get('busy')).toMatchObject({ spent: 0.002, lost: 0, leased: 0 });
  });
});
