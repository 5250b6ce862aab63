import { z } from 'zod';
import { defineTool, type Tool } from '../../../activities/tools/define-tool';
import { CallCancelled } from '../../../activities/tools/run-tool-call';
import { RetryLater, type ToolContext } from '../../../activities/tools/tool';
import { openTestRun, type TestRun } from './tool-call.fixture';

let run: TestRun;
beforeAll(async () => {
  run = await openTestRun();
});
afterAll(() => run.close());

function toolThat(execute: (context: ToolContext) => unknown, timeout = 2_000): Tool {
  const input = z.object({});
  return defineTool({
    name: 'probe',
    description: 'A probe.',
    input,
    effect: 'read',
    timeout,
    execute: (_, c) => execute(c),
  });
}

function throwing(): never {
  throw new Error('getter');
}

const never = new Promise<never>(() => undefined);

describe('arguments', () => {
  const accepting = (input: z.ZodType) =>
    defineTool({ name: 'strict', description: 'Checks.', effect: 'read', input, execute: (given) => given });
  const strict = defineTool({
    name: 'strict',
    description: 'Checks.',
    effect: 'read',
    input: z.strictObject({
      city: z.string(),
      edits: z.array(z.object({ line: z.number().max(9) })).optional(),
      when: z.union([z.string(), z.object({ day: z.number() })]).optional(),
      kind: z.discriminatedUnion('type', [z.object({ type: z.literal('a') })]).optional(),
    }),
    execute: (given) => given,
  });

  test.each([
    [{}, 'city: expected string, received undefined'],
    [{ city: 'x', edits: [{ line: 1 }, { line: 10 }] }, 'edits[1].line: Too big: expected number to be <=9'],
    [{ city: 'x', place: 1 }, '(arguments): Unrecognized key: "place" (known: city, edits, when, kind)'],
    [
      { city: 'x', when: 5 },
      'when: none of the alternatives fits: expected string, received number; or expected object',
    ],
    [{ city: 'x', when: { day: 'z' } }, 'day: expected number, received string'],
    [{ city: 'x', kind: { type: 'b' } }, 'kind.type:'],
    ['text', '(arguments): expected object, received string'],
    [[], '(arguments): expected object, received array'],
  ])('%j is answered with the path and what was expected', async (given, problem) => {
    const message = await run.call(strict, given);
    expect(message.outcome).toBe('invalid-arguments');
    expect(message.content).toContain(problem);
    expect(message.content).toContain('nothing was run');
  });

  test('none at all are an empty object', async () => {
    expect(
      await run.call(
        toolThat(() => 'ran'),
        undefined,
      ),
    ).toMatchObject({ outcome: 'ok', content: 'ran' });
  });

  test('a tool without arguments says so of those it gets', async () => {
    const none = accepting(z.strictObject({}));
    expect((await run.call(none, { a: 1 })).content).toContain('(known: none)');
  });

  test('many problems are counted, not all listed', async () => {
    const list = accepting(z.object({ items: z.array(z.string()) }));
    const message = await run.call(list, { items: Array.from({ length: 5_000 }, (_, index) => index) });
    expect(message.content).toContain('- and 4980 more');
    expect(Buffer.byteLength(message.content)).toBeLessThan(4_200);
  });

  test('a schema whose own code throws is told, not thrown', async () => {
    const input = z.object({}).refine(() => {
      throw new Error('schema bug');
    });
    const message = await run.call(accepting(input), {});
    expect(message).toMatchObject({ outcome: 'invalid-arguments', content: expect.stringContaining('schema bug') });
  });

  test('a schema that throws no error is told too', async () => {
    const input = z.object({}).refine(() => {
      throw 'text';
    });
    expect((await run.call(accepting(input), {})).content).toContain('could not be checked: text');
  });

  test('arguments of a million levels are refused', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 1_000_000; level++) deep = [deep];
    const input = z.object({ deep: z.json() });
    const message = await run.call(accepting(input), { deep });
    expect(message.outcome).toBe('invalid-arguments');
  });
});

describe('failures are results', () => {
  test('an unknown tool', async () => {
    const message = await run.call(undefined, {}, { name: 'x'.repeat(5_000_000), callId: 'c1' });
    expect(message).toMatchObject({ role: 'tool', callId: 'c1', outcome: 'unknown-tool', mediaType: 'text/plain' });
    expect(message.content.length).toBeLessThan(200);
  });

  test.each<[string, unknown, string]>([
    ['an error', new Error('no such city'), 'no such city'],
    ['an error with a hint', Object.assign(new Error('no'), { hint: 'try yes' }), 'no\ntry yes'],
    ['text', 'just text', 'just text'],
    ['nothing', undefined, 'undefined'],
    ['an object', { message: 'shaped' }, 'shaped'],
    ['something without a name', Object.create(null), 'The tool threw something that cannot be shown.'],
    ['something whose name throws', Object.defineProperty({}, 'name', { get: throwing }), '[object Object]'],
    ['an error without a message', new TypeError(), 'TypeError'],
  ])('%s that was thrown', async (_, thrown, content) => {
    const throws = () => {
      throw thrown;
    };
    expect(await run.call(toolThat(throws), {})).toMatchObject({ outcome: 'failed', content });
    expect(
      await run.call(
        toolThat(() => Promise.reject(thrown)),
        {},
      ),
    ).toMatchObject({ outcome: 'failed', content });
  });

  test('an error of 5 MB is cut', async () => {
    const message = await run.call(
      toolThat(() => {
        throw new Error('é'.repeat(2_500_000));
      }),
      {},
    );
    expect(Buffer.byteLength(message.content)).toBeLessThan(4_100);
    expect(message.content).toMatch(/^é+ \[… 4,99\d,\d{3} bytes left out\]$/);
  });

  test('a tool that never ends is timed out, and its signal aborts', async () => {
    let seen: AbortSignal | undefined;
    const stuck = toolThat(({ signal }) => {
      seen = signal;
      return never;
    }, 50);
    const message = await run.call(stuck, {});
    expect(message).toMatchObject({ outcome: 'timed-out', content: 'probe did not end within 50 ms and was stopped.' });
    expect(seen?.aborted && (seen.reason as Error).name).toBe('TimeoutError');
  });

  test('a timeout of a tool with an effect says that it may have happened', async () => {
    const stuck = defineTool({ ...toolThat(() => never, 20), effect: 'once', maxAttempts: 1 });
    expect((await run.call(stuck, {})).content).toContain('may or may not have taken effect');
  });

  test('a tool that honours the signal by throwing is timed out all the same', async () => {
    const fair = toolThat(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
      30,
    );
    expect((await run.call(fair, {})).outcome).toBe('timed-out');
  });

  test('arguments that take for ever to check are timed out', async () => {
    const input = z.object({}).refine(() => never);
    const slow = defineTool({ ...toolThat(() => 'x', 30), input });
    expect((await run.call(slow, {})).outcome).toBe('timed-out');
  });
});

describe('aborts', () => {
  test('of a cancelled run are a result', async () => {
    const controller = new AbortController();
    const pending = run.call(
      toolThat(() => never),
      {},
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(new CallCancelled()), 20);
    expect(await pending).toMatchObject({ outcome: 'cancelled' });
  });

  test('of the infrastructure are rethrown as they are', async () => {
    const controller = new AbortController();
    const reason = new Error('WORKER_SHUTDOWN');
    const pending = run.call(
      toolThat(() => never),
      {},
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(reason), 20);
    await expect(pending).rejects.toBe(reason);
  });

  test('before the start keep the tool from running', async () => {
    const execute = jest.fn();
    const call = run.call(toolThat(execute), {}, { signal: AbortSignal.abort(new CallCancelled()) });
    expect((await call).outcome).toBe('cancelled');
    expect(execute).not.toHaveBeenCalled();
  });
});

describe('RetryLater', () => {
  test('is thrown on, small', async () => {
    const later = toolThat(() => {
      throw new RetryLater('x'.repeat(1_000_000), { delayMs: 700, cause: 'big' });
    });
    const error = await run.call(later, {}).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'RetryLater', delayMs: 700 });
    expect(error.message.length).toBeLessThan(4_100);
    expect(error.cause).toBeUndefined();
  });

  test('of another copy of the package is recognised, with no delay of its own', async () => {
    const foreign = Object.assign(new Error('net down'), { name: 'RetryLater' });
    const later = toolThat(() => Promise.reject(foreign));
    await expect(run.call(later, {})).rejects.toMatchObject({
      name: 'RetryLater',
      message: 'net down',
      delayMs: undefined,
    });
  });
});

describe('what a tool gets', () => {
  test('is what the contract names, and works', async () => {
    const ref = await run.artifacts.put('run-1', Buffer.from('kept'), 'text/plain');
    const probe = toolThat(async (context) => {
      context.progress({ step: 1 });
      const artifact = (await context.readArtifact({ id: ref.id })).toString();
      return { keys: Object.keys(context).sort(), key: context.idempotencyKey, secret: context.secret('k'), artifact };
    });
    expect(await run.ok(probe, {}, { idempotencyKey: 'key-1' })).toEqual({
      keys: [
        'attempt',
        'correlationId',
        'idempotencyKey',
        'log',
        'progress',
        'readArtifact',
        'secret',
        'signal',
        'workspace',
      ],
      key: 'key-1',
      secret: 'secret of k',
      artifact: 'kept',
    });
    expect(run.progress).toContainEqual({ step: 1 });
  });

  test('no listener stays on the signal of the call', async () => {
    const { signal } = new AbortController();
    const add = jest.spyOn(signal, 'addEventListener');
    const remove = jest.spyOn(signal, 'removeEventListener');
    await run.call(
      toolThat(() => 'x'),
      {},
      { signal },
    );
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]?.[1]);
  });
});

describe('results', () => {
  test.each<[unknown, string, string]>([
    ['text', 'text', 'text/plain'],
    ['', '', 'text/plain'],
    [undefined, 'null', 'application/json'],
    [null, 'null', 'application/json'],
    [{ a: [1, 'b'] }, '{"a":[1,"b"]}', 'application/json'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"', 'application/json'],
    [{ toJSON: () => undefined }, 'null', 'application/json'],
    ['\ud800 half', '\ufffd half', 'text/plain'],
  ])('%p is shown as %p', async (value, content, mediaType) => {
    expect(
      await run.call(
        toolThat(() => value),
        {},
      ),
    ).toMatchObject({ outcome: 'ok', content, mediaType });
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  let deep: unknown[] = [];
  for (let level = 0; level < 100_000; level++) deep = [deep];
  test.each<[string, unknown, string]>([
    ['a bigint', 1n, 'the value is a bigint'],
    ['a bigint inside', { sum: { total: 1n } }, 'the value of "total" is a bigint'],
    ['a function', () => 1, 'the value is a function'],
    ['a function inside', { run: () => 1 }, 'the value of "run" is a function'],
    ['a symbol', { s: Symbol('x') }, 'the value of "s" is a symbol'],
    ['a cycle', cycle, 'the value has no JSON form: Converting circular structure'],
    ['NaN', { mean: Number.NaN }, 'the value of "mean" is NaN'],
    ['a map', new Map(), 'the value is a Map'],
    ['a set', { s: new Set() }, 'the value of "s" is a Set'],
    ['bytes', { data: Buffer.from('x') }, 'the value of "data" is binary data'],
    ['something too deep', deep, 'the value has no JSON form: Maximum call stack'],
    ['a throwing getter', { toJSON: () => Promise.reject.call(0) }, 'the value has no JSON form: '],
  ])('%s cannot be shown and says so', async (_, value, problem) => {
    const message = await run.call(
      toolThat(() => value),
      {},
    );
    expect(message.outcome).toBe('failed');
    expect(message.content).toContain(`probe ran, but its result cannot be shown: ${problem}`);
  });

  test('a toJSON that throws no error', async () => {
    const value = {
      toJSON() {
        throw 'thrown text';
      },
    };
    expect(
      (
        await run.call(
          toolThat(() => value),
          {},
        )
      ).content,
    ).toContain('no JSON form: thrown text');
  });
});
