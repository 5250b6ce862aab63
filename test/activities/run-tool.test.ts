import path from 'node:path';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { runFolders } from '../../activities/run-tool';
import { RetryLater } from '../../activities/tools/tool';
import type { RunToolInput } from '../../protocol/activities';
import type { ToolMessage } from '../../protocol/messages';
import { activityBench, toolCall } from '../fixtures/activity-bench';
import { aborted, type NotingOptions, notingTool } from '../fixtures/test-tools';

const benches: ReturnType<typeof activityBench>[] = [];

function benchOf(options: NotingOptions = {}, env: Record<string, string> = {}) {
  const note = notingTool('note', options);
  const bench = activityBench({ tools: [note.tool], env });
  benches.push(bench);
  const run = (changes: Partial<RunToolInput> = {}): Promise<ToolMessage> =>
    bench.attempt('tool.note', toolCall('note', changes)).done;
  return { ...bench, run, note };
}

afterAll(() => {
  for (const bench of benches) bench.close();
});

describe('a call', () => {
  test('is answered with a result, named by a mark', async () => {
    const { run, note } = benchOf();
    expect(await run()).toEqual({
      role: 'tool',
      callId: 'c1',
      name: 'note',
      outcome: 'ok',
      content: 'note: a',
      mediaType: 'text/plain',
      mark: expect.stringMatching(/^[\w-]{8}$/),
    });
    expect(note.calls).toEqual([{ text: 'a', key: 'run-1:1:c1', attempt: 1 }]);
  });

  test.each<[string, Partial<RunToolInput>, NotingOptions, string, RegExp]>([
    ['wrong arguments', { arguments: { text: 7 } }, {}, 'invalid-arguments', /text/],
    ['a thrown error', {}, { answer: () => Promise.reject(new Error('no disk')) }, 'failed', /no disk/],
    [
      'a tool that takes too long',
      {},
      { timeout: 50, answer: () => new Promise(() => undefined) },
      'timed-out',
      /50 ms/,
    ],
    [
      'a secret nobody set',
      {},
      { secrets: ['TOKEN'], answer: (_text, context) => context.secret('TOKEN') },
      'failed',
      /no secret "TOKEN"/,
    ],
    [
      'a secret the tool does not declare',
      {},
      { answer: (_text, context) => context.secret('TOKEN') },
      'failed',
      /does not declare/,
    ],
  ])('%s is a result too', async (_what, changes, options, outcome, content) => {
    expect(await benchOf(options).run(changes)).toMatchObject({ outcome, content: expect.stringMatching(content) });
  });

  test('a secret is given to the tool and not recorded', async () => {
    const { run } = benchOf(
      { secrets: ['TOKEN'], answer: (_text, { secret }) => secret('TOKEN').length },
      { TOKEN: 'canary-123' },
    );
    const message = await run();
    expect(message.content).toBe('10');
    expect(JSON.stringify(message)).not.toContain('canary');
  });

  test('large arguments come out of the artifact store', async () => {
    const { run, note, services } = benchOf();
    const text = 'x'.repeat(100_000);
    const artifact = await services.artifacts.put(
      'wf:run-1',
      Buffer.from(JSON.stringify({ text })),
      'application/json',
    );
    const message = await run({ arguments: undefined, artifact });
    expect(note.calls[0]?.text).toBe(text);
    expect(message).toMatchObject({ outcome: 'ok', artifact: { mediaType: 'text/plain' } });
    expect(message.content.length).toBeLessThan(10_000);
  });

  test('large arguments that are lost end the attempts: no worker can run the call', async () => {
    const artifact = { id: `sha256:${'a'.repeat(64)}`, bytes: 1, mediaType: 'application/json' };
    await expect(benchOf().run({ artifact })).rejects.toMatchObject({ type: 'Artifact.Missing', nonRetryable: true });
  });

  test('a folder that is not there is said by name', async () => {
    const mounts = [{ name: 'docs', path: '/no/such/folder/anywhere', access: 'read' as const }];
    const { run } = benchOf({ answer: (_text, { workspace }) => workspace.root });
    expect(await run({ mounts })).toMatchObject({ outcome: 'failed', content: expect.stringContaining('docs') });
  });
});

describe('the folders of a session', () => {
  test('are its own, whatever its id', () => {
    const scopes = ['a:run-1', 'a:run-2', 'b:run-1', 'a/b:run-1', 'a_b:run-1', '../../etc:run-1', ':', 'x'.repeat(900)];
    const roots = scopes.map((scope) => runFolders('/home', scope).root);
    expect(new Set(roots).size).toBe(scopes.length);
    for (const root of roots) expect(root).toMatch(/^\/home\/runs\/[A-Za-z0-9._-]{1,80}\/workspace$/);
  });

  test('keep the journal out of the workspace', () => {
    const { root, journal } = runFolders('/home', 'a:run-1');
    expect(path.relative(root, journal)).toBe('../journal');
  });
});

describe('another attempt', () => {
  test('is made when the tool asks for it, after the time it names', async () => {
    const answer = () => {
      throw new RetryLater('the service restarts', { delayMs: 250 });
    };
    await expect(benchOf({ answer }).run()).rejects.toMatchObject({
      type: 'Tool.RetryLater',
      message: 'the service restarts',
      nonRetryable: false,
      nextRetryDelay: 250,
    });
  });

  test('is told its number and the same key', async () => {
    const bench = benchOf();
    await bench.attempt('tool.note', toolCall('note'), 3).done;
    expect(bench.note.calls).toEqual([{ text: 'a', key: 'run-1:1:c1', attempt: 3 }]);
  });
});

describe('an abort', () => {
  const waiting: NotingOptions = {
    answer: async (_text, { signal }) => {
      await aborted(signal);
      throw signal.reason;
    },
  };

  test('because the run was cancelled is a result: the call is over', async () => {
    const bench = benchOf(waiting);
    const { env, done } = bench.attempt('tool.note', toolCall('note'));
    setTimeout(() => env.cancel('CANCELLED'), 100);
    expect(await done).toMatchObject({ outcome: 'cancelled' });
  });

  test('because the worker shuts down is none: the call is made again elsewhere', async () => {
    const bench = benchOf(waiting);
    const { env, done } = bench.attempt('tool.note', toolCall('note'));
    setTimeout(() => env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails()), 100);
    await expect(done).rejects.toBeInstanceOf(CancelledFailure);
  });

  test('before the call begins keeps it from beginning', async () => {
    const bench = benchOf();
    const { env, done } = bench.attempt('tool.note', toolCall('note'));
    env.cancel('CANCELLED');
    expect(await done).toMatchObject({ outcome: 'cancelled' });
    expect(bench.note.calls).toEqual([]);
  });
});

describe('signs of life', () => {
  test('go out while a tool works, with what it told last', async () => {
    const answer: NotingOptions['answer'] = async (_text, { progress }) => {
      progress({ done: 1 });
      await new Promise((resolve) => setTimeout(resolve, 900));
      return 'done';
    };
    const { heartbeats, done } = benchOf({ answer }).attempt('tool.note', toolCall('note'));
    await done;
    expect(heartbeats).toEqual([{ done: 1 }, { done: 1 }]);
  });

  test.each<[string, unknown]>([
    ['a bigint', { n: 1n }],
    ['a function', () => 1],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('%s told as progress is left out', async (_what, details) => {
    const answer: NotingOptions['answer'] = async (_text, { progress }) => {
      progress(details);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return 'done';
    };
    const { heartbeats, done } = benchOf({ answer }).attempt('tool.note', toolCall('note'));
    expect(await done).toMatchObject({ outcome: 'ok' });
    expect(heartbeats).toEqual([undefined]);
  });
});
