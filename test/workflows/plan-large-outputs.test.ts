import type { AgentDefinition } from '../../protocol/agent';
import type { PlanDefinition } from '../../protocol/plan/definition';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { useTemporal } from '../setup/test-worker';

jest.setTimeout(240_000);
const temporal = useTemporal('plan-large-outputs');
const plans = () => temporal.holdfast.plans;

/** As many numbered lines as it takes: every one of them can be looked for. */
const lines = (of: string, chars: number) =>
  Array.from({ length: Math.ceil(chars / 12) }, (_, at) => `${of}-${String(at).padStart(8, '0')}`).join('\n');
const long = lines('a', 150_000);
const table = { title: 'all of it', rows: lines('r', 100_000).split('\n') };

/** Agents, one of them without tools and one with little context, whose model answers by task; what each was told is kept by task. */
function team(answers: Record<string, string>) {
  const told = new Map<string, string>();
  const step: ScriptedStep = ({ messages: [first] }) => {
    const parts = first?.role === 'user' ? first.content : [];
    const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
    const task = /"task": "([A-Z]+)"/.exec(text)?.[1] ?? text;
    told.set(task, text);
    return { text: answers[task] ?? `${task} done` };
  };
  const base: AgentDefinition = { name: 'worker', instructions: 'Work.', model: 'scripted/steps', tools: ['clock'] };
  const agents = [
    base,
    { ...base, name: 'plain', tools: [] },
    { ...base, name: 'narrow', context: { maxTokens: 20_000 } },
  ] as AgentDefinition[];
  return { told, options: { agents, providers: [scriptedModel(Array(100).fill(step))] } };
}

async function sizesOf(id: string): Promise<number[]> {
  return (await temporal.events(id)).map((event) => JSON.stringify(event).length);
}

const chain = (name: string, agent: string, more: object = {}): PlanDefinition => ({
  name,
  agent: 'worker',
  nodes: [
    { id: 'a', goal: 'A', agent },
    { id: 'b', goal: 'B', after: ['a'], ...more },
  ],
});

test.each(['worker', 'plain'])(
  'an answer too large for the history is handed on whole, made by a %s',
  async (agent) => {
    const { told, options } = team({ A: long });
    await temporal.during(options, async () => {
      for (const next of ['worker', 'plain']) {
        const id = `plo-${agent}-${next}`;
        const plan = await plans().submit(chain('whole', agent, { agent: next }), { id });
        expect(await plan.result()).toMatchObject({ status: 'completed', output: 'B done' });
        expect(told.get('B')).toContain(long);
        expect(Math.max(...(await sizesOf(id)))).toBeLessThan(256_000);
      }
    });
  },
);

test('what does not fit the model is left out, and named', async () => {
  const { told, options } = team({ A: long });
  await temporal.during(options, async () => {
    const plan = await plans().submit(chain('narrow', 'worker', { agent: 'narrow' }), { id: 'plo-narrow' });
    expect(await plan.result()).toMatchObject({ status: 'completed', output: 'B done' });
    const text = told.get('B') ?? '';
    // As much of it as half of the context takes, its beginning and its end.
    expect(text.length).toBeGreaterThan(20_000);
    expect(text.length).toBeLessThan(80_000);
    expect(text).toContain('a-00000000\n');
    expect(text).toContain(long.slice(-100));
    expect(text).toMatch(/\[… \d+ of 1\d+ characters are left out here to fit the context/);
    expect(text).toContain('plo-narrow/a');
  });
});

test('a part of a large value is handed on, not nothing', async () => {
  const { told, options } = team({ A: JSON.stringify(table) });
  const output = { type: 'object', properties: { title: { type: 'string' }, rows: { type: 'array' } } };
  const inputs = { title: { from: 'a', path: '/title' }, last: { from: 'a', path: `/rows/${table.rows.length - 1}` } };
  const plan: PlanDefinition = {
    name: 'part',
    agent: 'worker',
    nodes: [
      { id: 'a', goal: 'A', output },
      { id: 'b', goal: 'B', inputs },
    ],
  };
  await temporal.during(options, async () => {
    expect(await (await plans().submit(plan, { id: 'plo-part' })).result()).toMatchObject({ status: 'completed' });
    expect(told.get('B')).toContain('all of it');
    expect(told.get('B')).toContain(table.rows.at(-1));
    expect(told.get('B')).not.toContain(table.rows[1]);
  });
});

test('many answers that are too much together are handed on whole, and no event is large', async () => {
  const answers = Object.fromEntries(['A', 'C', 'D', 'E'].map((task) => [task, lines(task, 55_000)]));
  const { told, options } = team(answers);
  const first = Object.keys(answers).map((goal) => ({ id: goal.toLowerCase(), goal }));
  const plan: PlanDefinition = {
    name: 'many',
    agent: 'worker',
    nodes: [...first, { id: 'b', goal: 'B', after: first.map(({ id }) => id) }],
  };
  await temporal.during(options, async () => {
    expect(await (await plans().submit(plan, { id: 'plo-many' })).result()).toMatchObject({ status: 'completed' });
    // As JSON or as it is: every line of it is there.
    const text = told.get('B')?.replaceAll('\\n', '\n') ?? '';
    for (const answer of Object.values(answers)) expect(text.includes(answer)).toBe(true);
    expect(Math.max(...(await sizesOf('plo-many')), ...(await sizesOf('plo-many/b')))).toBeLessThan(256_000);
  });
});
