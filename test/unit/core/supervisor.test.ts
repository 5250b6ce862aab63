import type { Failure } from '../../../protocol/failures';
import { type Supervised, type SuperviseOptions, superviseWith } from '../../../workflows/supervisor';

class Cancelled extends Error {}

/** Children that do, start by start, what they are told: fail, succeed, or wait until they are ended. */
function world(plans: Record<string, ('fail' | 'ok' | 'wait')[]>) {
  const log: string[] = [];
  let now = 0;
  const children: Supervised[] = Object.entries(plans).map(([name, plan]) => {
    let starts = 0;
    return {
      name,
      async run(id) {
        log.push(id);
        const what = plan[starts++] ?? 'ok';
        now += 10;
        await new Promise((resolve) => setImmediate(resolve));
        if (what === 'fail') throw new Error(`${id} broke`);
        return what === 'wait' ? new Promise(() => undefined) : `${id} done`;
      },
    };
  });
  const run = (options: Omit<SuperviseOptions, 'window'> & { windowMs?: number } = {}) =>
    superviseWith(
      children,
      { windowMs: 60_000, ...options },
      {
        now: () => now,
        begin(work) {
          let end: (error: Error) => void = () => undefined;
          const ended = new Promise<never>((_resolve, reject) => {
            end = reject;
          });
          ended.catch(() => undefined);
          return { result: Promise.race([work(), ended]), cancel: () => end(new Cancelled('ended')) };
        },
        isCancellation: (error) => error instanceof Cancelled,
        raise: ({ code, message }: Failure) => Object.assign(new Error(message), { code }),
      },
    );
  return { log, run };
}

test('one for one: only what failed is started again, under a new id', async () => {
  const { log, run } = world({ a: ['ok'], b: ['fail', 'fail', 'ok'], c: ['ok'] });
  await expect(run()).resolves.toEqual({ a: 'a done', b: 'b-3 done', c: 'c done' });
  expect(log).toEqual(['a', 'b', 'c', 'b-2', 'b-3']);
});

test('one for all: what still runs is ended, and all are started again', async () => {
  const { log, run } = world({ a: ['wait', 'ok'], b: ['fail', 'ok'], c: ['wait', 'ok'] });
  await expect(run({ strategy: 'one-for-all' })).resolves.toEqual({ a: 'a-2 done', b: 'b-2 done', c: 'c-2 done' });
  expect(log).toEqual(['a', 'b', 'c', 'a-2', 'b-2', 'c-2']);
});

test('rest for one: what failed and those after it', async () => {
  const { log, run } = world({ a: ['ok'], b: ['fail', 'ok'], c: ['wait', 'ok'] });
  await expect(run({ strategy: 'rest-for-one' })).resolves.toEqual({ a: 'a done', b: 'b-2 done', c: 'c-2 done' });
  expect(log).toEqual(['a', 'b', 'c', 'b-2', 'c-2']);
});

test('too many restarts in the window: all is ended, told, and thrown as a typed failure', async () => {
  const { log, run } = world({ a: ['wait'], b: ['fail', 'fail', 'fail', 'fail'] });
  const told: Failure[] = [];
  const failed = run({ maxRestarts: 2, onEscalate: (failure) => void told.push(failure) });
  await expect(failed).rejects.toMatchObject({
    code: 'Supervision.Escalated',
    message: expect.stringContaining('b-3 broke'),
  });
  expect(told).toMatchObject([{ details: { name: 'b', restarts: 2 } }]);
  expect(log).toEqual(['a', 'b', 'b-2', 'b-3']);
});

test('restarts that lie longer back than the window do not count', async () => {
  const { run } = world({ a: ['fail', 'fail', 'fail', 'fail', 'ok'] });
  await expect(run({ maxRestarts: 1, windowMs: 5 })).resolves.toEqual({ a: 'a-5 done' });
});

test('a cancellation from outside is no failure: it goes up', async () => {
  const stopped: Supervised = { name: 'a', run: async () => Promise.reject(new Cancelled('outside')) };
  const begin = (work: () => Promise<unknown>) => ({ result: work(), cancel: () => undefined });
  const deps = {
    now: () => 0,
    begin,
    isCancellation: (error: unknown) => error instanceof Cancelled,
    raise: () => new Error(),
  };
  await expect(superviseWith([stopped], { windowMs: 1 }, deps)).rejects.toThrow('outside');
});
