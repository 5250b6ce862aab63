import fc from 'fast-check';
import { TranscriptCache } from '../../../activities/transcript-cache';
import { CachedSession } from '../../fixtures/cached-session';
import { assistant, marked, user } from '../../fixtures/messages';

async function started(worker: TranscriptCache): Promise<CachedSession> {
  const session = new CachedSession();
  session.write('go');
  await session.turn(worker, 2);
  return session;
}

describe('a worker that runs all of a session', () => {
  test('never reads anything: the delta carries the task and names the rest', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    for (let turn = 0; turn < 5; turn++) {
      const { truth } = session;
      const expected = [...truth];
      expect(await session.turn(worker, 2)).toEqual({ head: [], messages: expected });
    }
    expect(session.pulls).toEqual([]);
  });

  test('is asked again by a retry of the same call, and still reads nothing', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    await session.load(worker);
    expect(await session.load(worker)).toEqual({ head: [], messages: session.truth });
    expect(session.pulls).toEqual([]);
  });

  test('reads only the news when they were too large to ride along', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    session.write('x'.repeat(10_000));
    expect((await session.load(worker)).messages).toEqual(session.truth);
    expect(session.pulls).toEqual([[1, 5]]);
  });

  test('gives no two calls the same array: what a call does to it is its own business', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    (await session.load(worker)).messages.length = 0;
    expect((await session.load(worker)).messages).toEqual(session.truth);
  });
});

describe('a worker that lacks something reads it all', () => {
  test('another worker', async () => {
    const session = await started(new TranscriptCache());
    expect(await session.load(new TranscriptCache())).toEqual({ head: [], messages: session.truth });
    expect(session.pulls).toEqual([[0, 4]]);
  });

  test('a worker that missed a turn', async () => {
    const [first, second] = [new TranscriptCache(), new TranscriptCache()];
    const session = await started(first);
    await session.turn(second, 1);
    expect((await session.load(first)).messages).toEqual(session.truth);
  });

  test('a worker that made a reply which the workflow never got: the repeat has another mark', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    worker.keep(session.key, marked(assistant('a reply nobody received')));
    await session.turn(new TranscriptCache(), 1);
    expect((await session.load(worker)).messages).toEqual(session.truth);
  });

  test('a worker that knows more than the workflow (a zombie, or a reset)', async () => {
    const worker = new TranscriptCache();
    const ahead = await started(worker);
    await ahead.turn(worker, 1);
    await ahead.load(worker);
    const behind = new CachedSession();
    behind.write('go');
    expect((await behind.load(worker)).messages).toEqual([user('go')]);
  });

  test('a worker whose messages have the right number and are others', async () => {
    const worker = new TranscriptCache();
    await started(worker);
    const other = new CachedSession();
    for (const text of ['a', 'b', 'c', 'd']) other.write(text);
    expect((await other.load(worker)).messages).toEqual(other.truth);
  });

  test('after a roll-over, whose delta begins empty', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    session.rollOver();
    expect((await session.load(worker)).messages).toEqual(session.truth);
    expect(session.pulls).toEqual([[0, 4]]);
    session.write('next');
    await session.load(worker);
    expect(session.pulls).toHaveLength(1);
  });

  test('a read that fails is an error, and nothing wrong is remembered', async () => {
    const worker = new TranscriptCache();
    const session = await started(new TranscriptCache());
    const wanted = {
      pointer: { firstRunId: 'run-1', length: 4, digest: 'x', delta: [] },
      contextFrom: 0,
      keepFirst: 1,
    };
    await expect(worker.load(session.key, wanted, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    expect((await session.load(worker)).messages).toEqual(session.truth);
  });
});

describe('a context that starts later', () => {
  test('the head is kept, what lies between is forgotten, and nothing is read', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    await session.turn(worker, 1);
    const loaded = await session.load(worker, { contextFrom: 4 });
    expect(loaded).toEqual({ head: session.truth.slice(0, 1), messages: session.truth.slice(4) });
    await session.turn(worker, 1, { contextFrom: 4 });
    expect(await session.load(worker, { contextFrom: 4 })).toEqual({
      head: session.truth.slice(0, 1),
      messages: session.truth.slice(4),
    });
    expect(session.pulls).toEqual([]);
  });

  test('another worker reads only head and rest', async () => {
    const session = await started(new TranscriptCache());
    const loaded = await session.load(new TranscriptCache(), { contextFrom: 3 });
    expect(loaded).toEqual({ head: session.truth.slice(0, 1), messages: session.truth.slice(3) });
    expect(session.pulls).toEqual([
      [0, 1],
      [3, 4],
    ]);
  });

  test('an earlier start than remembered is read again', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    await session.load(worker, { contextFrom: 3 });
    expect(await session.load(worker, { contextFrom: 1 })).toEqual({
      head: session.truth.slice(0, 1),
      messages: session.truth.slice(1),
    });
  });

  test('a longer head than remembered is read again', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    await session.load(worker, { contextFrom: 3, keepFirst: 1 });
    const { head } = await session.load(worker, { contextFrom: 3, keepFirst: 2 });
    expect(head).toEqual(session.truth.slice(0, 2));
  });

  test('a head never overlaps the rest', async () => {
    const session = await started(new TranscriptCache());
    const loaded = await session.load(new TranscriptCache(), { contextFrom: 2, keepFirst: 9 });
    expect(loaded).toEqual({ head: session.truth.slice(0, 2), messages: session.truth.slice(2) });
  });
});

describe('memory', () => {
  const large = 'x'.repeat(1_000);

  test('the least recently used session goes first, also when sessions grow one turn at a time', async () => {
    const worker = new TranscriptCache(20_000);
    const sessions = ['a', 'b', 'c'].map((key) => new CachedSession(key));
    for (let turn = 0; turn < 10; turn++) {
      for (const session of sessions) {
        session.write(large);
        await session.turn(worker, 0);
      }
    }
    // Ten times 1 kB each: three sessions are more than 20,000 characters, so some had to be read again.
    expect(sessions.flatMap(({ pulls }) => pulls).length).toBeGreaterThan(0);
    for (const session of sessions) expect((await session.load(worker)).messages).toEqual(session.truth);
  });

  test('a session that fits is not pushed out by its own turns', async () => {
    const worker = new TranscriptCache(20_000);
    const session = new CachedSession();
    for (let turn = 0; turn < 10; turn++) {
      session.write(large);
      await session.turn(worker, 0);
    }
    expect(session.pulls).toEqual([]);
  });

  test('a session larger than the whole cache still works, by reading', async () => {
    const worker = new TranscriptCache(1_000);
    const session = new CachedSession();
    session.write(large.repeat(2));
    await session.turn(worker, 1);
    expect((await session.load(worker)).messages).toEqual(session.truth);
  });

  test('messages without a mark are not kept: nothing could ask for them', async () => {
    const worker = new TranscriptCache();
    const session = await started(worker);
    worker.keep(session.key, assistant('unmarked'));
    expect((await session.load(worker)).messages).toEqual(session.truth);
  });
});

type Step =
  | { kind: 'turn'; worker: number; tools: number }
  | { kind: 'write'; size: number }
  | { kind: 'retry'; worker: number }
  | { kind: 'lost-reply'; worker: number }
  | { kind: 'restart'; worker: number }
  | { kind: 'other-session'; worker: number }
  | { kind: 'drop' }
  | { kind: 'rollover' };

const worker = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('turn' as const), worker, tools: fc.nat({ max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write' as const), size: fc.constantFrom(1, 100, 5_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry' as const), worker }) },
  fc.record({ kind: fc.constant('lost-reply' as const), worker }),
  fc.record({ kind: fc.constant('restart' as const), worker }),
  fc.record({ kind: fc.constant('other-session' as const), worker }),
  fc.record({ kind: fc.constant('drop' as const) }),
  fc.record({ kind: fc.constant('rollover' as const) }),
);

test('for any schedule of workers, evictions, drops, lost replies and restarts, what is loaded is the true transcript', async () => {
  const schedule = fc.record({
    steps: fc.array(step, { maxLength: 30 }),
    cacheChars: fc.constantFrom(300, 3_000, 1_000_000),
    keepFirst: fc.nat({ max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(schedule, async ({ steps, cacheChars, keepFirst }) => {
      const fresh = () => new TranscriptCache(cacheChars);
      const workers = [fresh(), fresh(), fresh()];
      const [session, other] = [new CachedSession('one'), new CachedSession('two')];
      session.write('go');
      other.write('the other task');
      let contextFrom = 0;
      const at = (index: number): TranscriptCache => workers[index] as TranscriptCache;
      const check = async (load: ReturnType<CachedSession['load']>, length: number): Promise<void> => {
        const { head, messages } = await load;
        expect(head).toEqual(session.truth.slice(0, Math.min(keepFirst, contextFrom)));
        expect(messages).toEqual(session.truth.slice(contextFrom, length));
      };
      for (const one of steps) {
        const { length } = session.truth;
        if (one.kind === 'turn')
          await check(session.turn(at(one.worker), one.tools, { contextFrom, keepFirst }), length);
        if (one.kind === 'write') session.write('w'.repeat(one.size));
        if (one.kind === 'retry') await check(session.load(at(one.worker), { contextFrom, keepFirst }), length);
        if (one.kind === 'lost-reply') at(one.worker).keep('one', marked(assistant('lost')));
        if (one.kind === 'restart') workers[one.worker] = fresh();
        if (one.kind === 'other-session') await other.turn(at(one.worker), 2);
        if (one.kind === 'drop') contextFrom = Math.max(contextFrom, Math.floor(length / 2));
        if (one.kind === 'rollover') session.rollOver();
      }
      await check(session.load(at(0), { contextFrom, keepFirst }), session.truth.length);
    }),
    { numRuns: 500 },
  );
});

test('two attempts of one call at the same time both get the true transcript', async () => {
  const worker = new TranscriptCache();
  const session = await started(worker);
  session.write('x'.repeat(10_000));
  const [first, second] = await Promise.all([session.load(worker), session.load(worker)]);
  expect(first.messages).toEqual(session.truth);
  expect(second.messages).toEqual(session.truth);
  expect((await session.load(worker)).messages).toEqual(session.truth);
});
