import { agentCheckText } from '../../../apps/cli/agent-check-text';
import { budgetTable, budgetText, entriesText } from '../../../apps/cli/budget-text';
import { comparisonText } from '../../../apps/cli/compare-text';
import { letterTable, letterText } from '../../../apps/cli/dead-text';
import { receiptText } from '../../../apps/cli/receipt-text';
import { styleFor } from '../../../apps/cli/style';
import type { AccountView, Book, DeadLetterView, StopReceipt } from '../../../client';
import type { AgentCheck } from '../../../protocol/agent-check';
import type { ComparedMessage, ComparedRun, Comparison } from '../../../protocol/comparison';

const plain = styleFor({ isTTY: false });

describe('what an agent may do', () => {
  const limits = { turns: 10, toolCalls: 20 } as AgentCheck['spend']['limits'];
  const bare: AgentCheck = {
    agent: 'clerk',
    file: 'agents/clerk.yaml',
    model: 'm/x',
    models: null,
    profile: 'strict',
    tools: [],
    people: [],
    spend: { limits, account: null },
    outside: [],
    secrets: [],
    onFailure: 'keep',
    degrade: { model: [], tools: [] },
    warnings: [],
  };
  const allow = { verdict: 'allow' as const, because: 'profile strict' };

  test('of one that may little: no limit on money, no tools, nobody asked', () => {
    const text = agentCheckText(bare, plain);
    for (const line of [
      /model +m\/x; may use any/,
      /spends +no limit on money · from no account · 10 turns · 20 tool calls$/m,
      /people +never asked/,
      /outside +read by none/,
      /secrets +none/,
      /on failure +its effects are kept/,
      / {2}no tools$/,
    ])
      expect(text).toMatch(line);
    expect(text).not.toMatch(/stands in|goes on without/);
  });

  test('of one that may much: limits, substitutes, who is asked and for how long, what holds after content from outside', () => {
    const ask = {
      verdict: 'ask' as const,
      because: 'ask pay',
      approval: { approvers: ['role:boss'], quorum: 2, expiresAfter: 3_600_000 },
    };
    const of = 'agent' as const;
    const pay: AgentCheck['tools'][number] = {
      name: 'pay',
      effect: 'once',
      otherwise: { verdict: 'ask', because: 'profile strict' },
      tainted: { verdict: 'deny', because: 'deny pay' },
      cases: [
        { rule: 'pay(a<5)', verdict: 'ask', of, tainted: true, decides: ask },
        { rule: 'pay(a=*)', verdict: 'allow', of, tainted: false, decides: null },
      ],
      secrets: [],
      priceUsd: 0,
      undo: null,
    };
    const look = {
      ...pay,
      name: 'look',
      otherwise: allow,
      cases: [],
      mounted: { verdict: 'ask' as const, because: 'x' },
    };
    const text = agentCheckText(
      {
        ...bare,
        models: ['m/x', 'm/y'],
        people: ['pay', 'undo.pay'],
        spend: { limits: { ...limits, tokens: 5_000, costUsd: 2, deadline: 60_000 }, account: 'acme' },
        outside: ['web'],
        secrets: ['KEY'],
        onFailure: 'compensate',
        degrade: { model: ['m/z'], tools: ['web'] },
        tools: [pay, look],
        warnings: [{ code: 'tainted-once', message: 'mind' }],
      },
      plain,
    );
    for (const line of [
      /m\/x; may use m\/x, m\/y/,
      /stands in: m\/z/,
      /at most \$2\.00 · from acme · 10 turns · 20 tool calls · 5000 tokens · within 1 min/,
      /asked for pay; undo\.pay/,
      /read by web/,
      /its effects are undone/,
      /goes on without web/,
      /ask +pay\(a<5\) after content from outside: ask pay; asks role:boss, 2 of them, for 1 h/,
      /allow pay\(a=\*\): rule of the agent, where it applies/,
      /ask +else: profile strict; asks anyone/,
      /deny +after content from outside: deny pay$/m,
      /allow always: profile strict\n +ask +in a mounted folder: x/,
      /warning tainted-once: mind/,
    ])
      expect(text).toMatch(line);
  });
});

describe('accounts', () => {
  const account: AccountView = {
    account: 'acme',
    unit: 'usd',
    unitUsd: 1,
    funded: 10,
    spent: 2,
    leased: 1,
    available: 7,
    lost: 0,
    calls: 4,
    today: 1,
    thisMonth: 2,
    caps: {},
    timeZone: 'UTC',
    whenEmpty: 'ask',
    unknownPrice: 'refuse',
    frozen: null,
    holders: 0,
    waiting: 0,
    approvals: [],
  } as AccountView;

  test('in the list: money or credits, without funds of its own, who spends and who waits', () => {
    const credits = {
      ...account,
      account: 'pool',
      unit: 'credits' as const,
      funded: null,
      available: null,
      holders: 2,
      waiting: 1,
    };
    const text = budgetTable([account, credits, { ...account, frozen: { by: 'ana', at: 0 } } as AccountView], plain);
    expect(text).toMatch(/acme +\$10 +\$2 +\$1 +\$7\n/);
    expect(text).toMatch(/pool +— +2 cr +1 cr +— +1 waiting, 2 spending/);
    expect(text).toContain('frozen by ana');
  });

  test('alone: what lost attempts may have cost, no limit, why it is frozen', () => {
    expect(budgetText(account, plain)).toMatch(/spent +\$2 in 4 calls\n[\s\S]*caps +none[\s\S]*no price +refused/);
    const odd = {
      ...account,
      lost: 0.5,
      available: null,
      whenEmpty: 'stop' as const,
      unknownPrice: 3,
      frozen: { by: 'ana', at: 0, reason: 'odd' },
    };
    expect(budgetText(odd as AccountView, plain)).toMatch(
      /of that \$0\.5 that lost attempts may have cost[\s\S]*without limit[\s\S]*runs end[\s\S]*a call counts \$3[\s\S]*frozen +by ana: odd/,
    );
  });

  test('its book: what does not follow is said first of all, and where earlier entries are', () => {
    const entry = { n: 1, at: 0, account: 'acme', digest: 'd' };
    const book = {
      entries: [
        { ...entry, kind: 'open', amount: 0, by: 'ana' },
        { ...entry, n: 2, kind: 'spend', amount: 2_000, holder: 'run-1', reason: 'x' },
      ],
      problem: null,
      earlier: null,
      unit: 'usd',
      unitUsd: 1,
    } as unknown as Book;
    expect(entriesText(book, plain)).toMatch(
      /1 .*open +acme +ana\n2 .*spend +acme +\$0\.002 +run-1: x\nevery entry follows/,
    );
    const earlier = { from: 0, to: 9, runId: 'r' };
    expect(entriesText({ ...book, problem: 'entry 2 is another', earlier }, plain)).toMatch(
      /^entries up to 9 are archived: nowhere\n[\s\S]*NOT AS WRITTEN: entry 2 is another$/,
    );
    const artifact = { id: 'sha256:1', bytes: 1, mediaType: 'x' };
    expect(entriesText({ ...book, earlier: { ...earlier, artifact } }, plain)).toContain('archived: sha256:1');
  });
});

test('dead letters of effects and undos show the call, one of unknown kind says so, one that is retried how it went', () => {
  const letter = (work: object): DeadLetterView =>
    ({
      letter: { kind: 'effect', title: 't', cause: 'c', run: 'r', work },
      at: 0,
      attempts: [{ by: 'ana', at: 0, failure: null }],
      end: { how: 'done', by: 'bo', at: 0 },
    }) as unknown as DeadLetterView;
  expect(letterText(letter({ effect: { call: { name: 'pay' } } }))).toMatch(
    /payload: \{"name":"pay"\}\nretried by ana \S+ \S+\ndone by bo \S+ \S+$/,
  );
  expect(letterText(letter({ undo: { effects: [{ tool: 'pay' }] } }))).toContain('payload: {"tool":"pay"}');
  const row = {
    id: 'd',
    kind: null,
    run: null,
    status: 'dead' as const,
    at: new Date(0),
    title: 't',
    cause: null,
    agent: null,
  };
  expect(letterTable([row], plain)).toMatch(/d +\? +\? +dead/);
});

test('a receipt of an emergency stop that goes on: runs that still run, and what they cost where that is known', () => {
  const run = {
    id: 'r',
    what: 'clerk',
    by: 'stop',
    orderedAt: 0,
    endedAt: null,
    status: null,
    costAtOrderUsd: 0,
    costUsd: null,
  };
  const receipt = {
    state: 'stopping',
    order: { by: 'ana', query: 'x' },
    orderedAt: 0,
    ordered: 1,
    ended: 0,
    costAfterUsd: 0,
    runs: [run],
  };
  const text = receiptText('s', receipt as unknown as StopReceipt, plain);
  expect(text).toMatch(/0 of 1 runs ended[\s\S]*r +clerk +stop +runs\n[\s\S]*ordered by ana: $/);
  expect(receiptText('s', { ...receipt, runs: [] } as unknown as StopReceipt, plain)).not.toContain('agent');
});

describe('two runs side by side', () => {
  const run: ComparedRun = {
    id: 'a',
    agent: 'clerk',
    revision: null,
    model: null,
    status: 'running',
    stopReason: null,
    failure: null,
    turns: 1,
    toolCalls: 0,
    inputTokens: 1,
    outputTokens: 1,
    costUsd: 0,
    costIncomplete: false,
    simulated: false,
    messages: 2,
    startedAt: 0,
    ms: null,
  } as unknown as ComparedRun;
  const message = (more: Partial<ComparedMessage>): ComparedMessage =>
    ({ role: 'assistant', text: '', calls: [], tool: null, outcome: null, ...more }) as ComparedMessage;
  const compared = (different: Comparison['different'], right: Partial<ComparedRun> = {}): string =>
    comparisonText({ runs: [run, { ...run, id: 'b', ...right }], common: 1, different } as Comparison, plain);

  test('the same conversation; rows that differ are marked', () => {
    const text = compared(null, { model: 'm/x', failure: 'Model.Auth', ms: 8_200, revision: '0123456789abcdef' });
    expect(text).toMatch(/≠ +model +– +m\/x/);
    expect(text).toMatch(/≠ +stopped for +– +Model\.Auth/);
    expect(text).toMatch(/≠ +took +not over yet +8\.2 s/);
    expect(text).toMatch(/ {3}turns +1 +1/);
    expect(text).toMatch(/clerk 0123456789ab\n[\s\S]*The same conversation: 1 messages\.$/);
  });

  test('where they part: what was called, what came of it, long texts cut', () => {
    const calls = [{ name: 'pay', arguments: { to: 'bo' } }];
    const text = compared({ position: 1, messages: [message({ calls }), null] } as Comparison['different']);
    expect(text).toMatch(
      /The same up to message 1\. Message 2:\na\n {2}assistant:\n {2}→ pay \{"to":"bo"\}\nb\n {2}\(none\)$/,
    );
    const results = [
      message({ role: 'tool', tool: 'pay', outcome: 'ok', text: 'x'.repeat(700) }),
      message({ role: 'tool', tool: 'pay', outcome: 'denied', text: 'no' }),
    ];
    expect(compared({ position: 1, messages: results } as Comparison['different'])).toMatch(
      /pay:\n {2}x{600}…\nb\n {2}pay · denied:\n {2}no$/,
    );
  });
});
