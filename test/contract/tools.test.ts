import Ajv from 'ajv/dist/2020';
import { BUILTIN_TOOLS, WORKFLOW_TOOLS } from '../../activities/tools';
import { toolSpecOf } from '../../activities/tools/define-tool';
import { CallCancelled } from '../../activities/tools/run-tool-call';
import { TOOL_NAME } from '../../protocol/tool';
import { openTestRun, type TestRun } from '../unit/tools/tool-call.fixture';

/** A call every tool must be able to make on the workspace below; a new tool adds its own here. */
const SAMPLES: Record<string, object> = {
  ask_human: { question: 'Which one?' },
  files_read: { path: 'sample.txt' },
  files_write: { path: 'new/file.txt', content: 'text' },
  files_create: { path: 'created.txt', content: 'text' },
  files_edit: { path: 'sample.txt', edits: [{ old: 'needle', new: 'pin' }] },
  files_delete: { path: 'sample.txt' },
  files_list: {},
  files_walk: { pattern: '*.txt' },
  files_search: { query: 'needle' },
  files_info: { path: 'sample.txt' },
  calculator: { expression: '1 + 1' },
  clock_now: { timeZone: 'UTC' },
  clock_shift: { from: '2025-01-31', months: 1 },
  clock_between: { from: '2025-01-01', to: '2025-02-01' },
  artifact_read: { id: 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' },
};
/** Their answer is the time. */
const TELLS_TIME = ['clock_now', 'files_info'];

let run: TestRun;
beforeEach(async () => {
  run = await freshRun();
});
afterEach(() => run.close());

async function freshRun(): Promise<TestRun> {
  const fresh = await openTestRun();
  const change = async () => ({ content: Buffer.from('hay\nneedle\n'), answer: null });
  await fresh.workspace.changeOnce({ key: 'sample', path: 'sample.txt', request: 'sample', change });
  await fresh.artifacts.put('run-1', Buffer.from('hello'), 'text/plain');
  return fresh;
}

const specs = [...BUILTIN_TOOLS.map((tool) => toolSpecOf(tool)), ...WORKFLOW_TOOLS];
describe.each(specs.map((spec) => [spec.name, spec] as const))('the spec of %s', (name, spec) => {
  test('has a name every provider accepts and a description', () => {
    expect(name).toMatch(TOOL_NAME);
    expect(spec.description.length).toBeGreaterThan(20);
    expect(spec.description.length).toBeLessThanOrEqual(1_024);
  });

  test('has a valid JSON Schema of an object that takes nothing it does not know', () => {
    const ajv = new Ajv({ strict: true });
    expect(ajv.validateSchema(spec.inputSchema)).toBe(true);
    const validate = ajv.compile(spec.inputSchema);
    expect(spec.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(validate({ no_such_argument: 1 })).toBe(false);
    expect(validate(SAMPLES[name] ?? {})).toBe(true);
  });

  test('is data, the same after a trip through JSON, and small', () => {
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(JSON.stringify(spec).length).toBeLessThan(3_000);
  });

  test('is quick only where it reads, and has one attempt only where it must', () => {
    if (spec.quick) expect(spec).toMatchObject({ effect: 'read', exclusive: false });
    if (spec.effect === 'once') expect(spec.maxAttempts).toBe(1);
    expect(spec.timeoutMs).toBeGreaterThan(0);
  });
});

describe.each(BUILTIN_TOOLS.map((tool) => [tool.name, tool] as const))('the tool %s', (name, tool) => {
  const sample = SAMPLES[name];

  test('has a sample call here, and it works', async () => {
    expect(sample).toBeDefined();
    expect(await run.call(tool, sample)).toMatchObject({
      role: 'tool',
      name,
      outcome: 'ok',
      mediaType: 'application/json',
    });
  });

  test('refuses bad arguments, naming the path', async () => {
    const unknown = await run.call(tool, { ...sample, no_such_argument: 1 });
    expect(unknown).toMatchObject({ outcome: 'invalid-arguments' });
    expect(unknown.content).toContain('"no_such_argument"');
    for (const key of Object.keys(sample ?? {})) {
      const wrong = await run.call(tool, { ...sample, [key]: { wrong: 'type' } });
      expect(wrong.outcome).toBe('invalid-arguments');
      expect(wrong.content).toContain(`- ${key}`);
    }
    expect((await run.call(tool, 'text')).outcome).toBe('invalid-arguments');
  });

  test('is not started after an abort, and changes nothing then', async () => {
    const before = await snapshot();
    const message = await run.call(tool, sample, { signal: AbortSignal.abort(new CallCancelled()) });
    expect(message.outcome).toBe('cancelled');
    expect(await snapshot()).toEqual(before);
  });

  test('a call that is repeated with its key gives the same answer and leaves the same files', async () => {
    const first = await run.call(tool, sample, { idempotencyKey: 'k', callId: 'c' });
    const files = await snapshot();
    const again = await run.call(tool, sample, { idempotencyKey: 'k', callId: 'c', attempt: 2 });
    if (!TELLS_TIME.includes(name)) expect(again).toEqual(first);
    expect(await snapshot()).toEqual(files);
  });

  test('the same call on the same files gives the same answer elsewhere', async () => {
    const other = await freshRun();
    const [here, there] = [
      await run.call(tool, sample, { callId: 'c' }),
      await other.call(tool, sample, { callId: 'c' }),
    ];
    if (!TELLS_TIME.includes(name)) expect(there).toEqual(here);
    await other.close();
  });

  if (toolSpecOf(tool).effect === 'read') {
    test('changes nothing, as it says', async () => {
      const before = await snapshot();
      await run.call(tool, sample);
      expect(await snapshot()).toEqual(before);
    });
  }

  async function snapshot(): Promise<string[]> {
    const found: string[] = [];
    for await (const { path, type } of run.workspace.walk(''))
      found.push(`${path} ${await run.workspace.state(path)} ${type}`);
    return found;
  }
});
