import { ledgerIdOf } from '../../protocol/names';
import { eventually } from '../fixtures/eventually';
import { gate } from '../fixtures/gate';
import { answer, behind, note, SPENDER, spending } from '../fixtures/spender';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

/** Money that is called back: because people froze an account, or because others need it. */

const temporal = useTemporal('budget-freeze');
const budgets = () => temporal.holdfast.budgets;

test('freezing ends no call in flight, calls back what is out and parks who asks; unfrozen, the run goes on', async () => {
  const writing = gate();
  await temporal.during(spending([behind(writing, note('a')), answer('done')]), async () => {
    await budgets().create('frost', { funds: 10 });
    await budgets().create('frost/team', {});
    const run = await temporal.holdfast.start('spender', { id: 'frozen-run', input: 'go', account: 'frost/team' });
    await writing.reached;
    await budgets().freeze('frost', { by: 'ana', reason: 'looks wrong' });
    expect(await budgets().get('frost')).toMatchObject({ frozen: { by: 'ana', reason: 'looks wrong' }, holders: 1 });
    await expect(budgets().freeze('frost')).rejects.toMatchObject({ code: 'Budget.Frozen' });
    writing.open();
    const parked = { spent: 0.002, leased: 0, holders: 0, waiting: 1, approvals: [] };
    await eventually(async () => expect(await budgets().get('frost/team')).toMatchObject(parked));
    const waitsFor = [{ id: ledgerIdOf('frost'), title: expect.stringContaining('"frost" is frozen by ana') }];
    await eventually(async () => expect(await run.state()).toMatchObject({ status: 'waiting', waitsFor }));

    await budgets().unfreeze('frost', { by: 'bo', reason: 'it is fine' });
    expect(await run.result()).toMatchObject({ output: 'done', costUsd: 0.004 });
    await expect(budgets().unfreeze('frost')).rejects.toMatchObject({ code: 'Budget.Frozen' });
    expect(await budgets().get('frost')).toMatchObject({ frozen: null, spent: 0.004, leased: 0, waiting: 0 });
    const { entries, problem } = await budgets().entries('frost');
    expect(problem).toBeNull();
    expect(entries.filter(({ kind }) => kind.endsWith('freeze'))).toMatchObject([
      { kind: 'freeze', account: 'frost', by: 'ana', reason: 'looks wrong' },
      { kind: 'unfreeze', account: 'frost', by: 'bo', reason: 'it is fine' },
    ]);
  });
});

test('a run that waits for an account to thaw can be stopped, and waits no longer', async () => {
  await temporal.during(spending([]), async () => {
    await budgets().create('ice', { funds: 1 });
    await budgets().freeze('ice');
    const run = await temporal.holdfast.start('spender', { id: 'iced', input: 'go', account: 'ice' });
    await eventually(async () => expect(await budgets().get('ice')).toMatchObject({ waiting: 1 }));
    await run.stop('never mind');
    expect(await run.result()).toMatchObject({ stopReason: 'stopped', costUsd: 0 });
    await eventually(async () => expect(await budgets().get('ice')).toMatchObject({ waiting: 0, leased: 0, spent: 0 }));
  });
});

test('when money is tight, what rests with a run whose tool is busy goes to the one that needs it', async () => {
  const busy = gate();
  const tool = notingTool('note', { answer: (_text, { signal }) => busy.wait(signal) });
  const large = { ...SPENDER, name: 'large', parameters: { maxOutputTokens: 80_000 } };
  const options = spending([note('a'), answer('large'), answer('small')], {}, tool);
  await temporal.during({ ...options, agents: [SPENDER, large] }, async () => {
    await budgets().create('tight', { funds: 0.09 });
    const first = await temporal.holdfast.start('spender', { id: 'rests', input: 'go', account: 'tight' });
    await busy.reached;
    const { available, leased } = await budgets().get('tight');
    // What the other needs is there, but not free: the worst case of its call is eight cents and a little.
    expect(available).toBeLessThan(0.08);
    expect((available ?? 0) + leased).toBeGreaterThan(0.081);
    const second = await temporal.holdfast.start('large', { id: 'needs', input: 'go', account: 'tight' });
    expect(await second.result()).toMatchObject({ output: 'large', costUsd: 0.002 });
    expect((await first.state()).running).toEqual(['note']);
    busy.open();
    expect(await first.result()).toMatchObject({ output: 'small', costUsd: 0.004 });
    expect(await budgets().get('tight')).toMatchObject({ spent: 0.006, leased: 0, waiting: 0 });
  });
});

test('a call that may cost more than an account allows for one ends the run, and asks nobody', async () => {
  await temporal.during(spending([]), async () => {
    await budgets().create('small', { funds: 10 });
    await budgets().create('small/calls', { caps: { call: 0.005 } });
    const run = await temporal.holdfast.start('spender', { id: 'too-dear', input: 'go', account: 'small/calls' });
    const detail = expect.stringContaining('more than "small/calls" allows for one call');
    expect(await run.result()).toMatchObject({ stopReason: 'max-cost', detail });
    expect(await budgets().get('small')).toMatchObject({ spent: 0, leased: 0, approvals: [] });
  });
});

test('an account that is not in the tree it names ends the run before it costs anything', async () => {
  await temporal.during(spending([]), async () => {
    await budgets().create('known', { funds: 1 });
    const run = await temporal.holdfast.start('spender', { id: 'astray', input: 'go', account: 'known/nowhere' });
    await expect(run.result()).rejects.toMatchObject({ code: 'Budget.Unknown' });
    expect(await budgets().list('known')).toMatchObject([{ account: 'known', spent: 0, leased: 0, waiting: 0 }]);
  });
});
