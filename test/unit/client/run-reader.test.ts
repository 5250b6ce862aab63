import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../../client/run-events';
import { type FollowOptions, RunReaders, type RunSource } from '../../../client/run-reader';
import type { Message } from '../../../protocol/messages';
import type { StreamEvent } from '../../../protocol/stream';
import { MemoryStreamBus } from '../../../streams/memory-stream-bus';

const TOPIC = 'run:1';
const message = (at: number): Message => ({ role: 'user', content: [{ type: 'text', text: `${at}` }] });

/** A run as the server answers for it. */
class FakeRun implements RunSource {
  length = 0;
  over = false;
  /** Positions before it are gone. */
  base = 0;
  pageSize = 100;
  described = 0;
  asked = 0;
  failure: Error | undefined;

  async describe() {
    this.described++;
    if (this.failure) throw this.failure;
    await sleep(1);
    return { over: this.over, topic: TOPIC };
  }

  async transcript(from: number) {
    this.asked++;
    await sleep(1);
    const start = Math.max(from, this.base);
    const count = Math.max(0, Math.min(this.pageSize, this.length - start));
    const messages = Array.from({ length: count }, (_, at) => message(start + at));
    return { from: start, next: start + count, length: this.length, messages, segments: [] };
  }
}

async function follow(readers: RunReaders, run: FakeRun, options: FollowOptions = {}): Promise<RunEvent[]> {
  const told: RunEvent[] = [];
  for await (const event of readers.follow('run', run, options)) told.push(event);
  return told;
}

const positions = (told: RunEvent[]): number[] =>
  told.flatMap((event) => (event.type === 'message' ? event.position : []));
const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

test('each follower has every message from where it begins, once and in order, whatever the others do', async () => {
  const run = new FakeRun();
  const readers = new RunReaders();
  const growing = (async () => {
    for (let n = 0; n < 30; n++) {
      run.length += n % 4;
      await sleep(5);
    }
    run.over = true;
  })();
  const all = await Promise.all(
    upTo(0, 20).map(async (n) => {
      await sleep(n * 8);
      return { from: n * 2, told: await follow(readers, run, { from: n * 2 }) };
    }),
  );
  await growing;
  for (const { from, told } of all) expect(positions(told)).toEqual(upTo(from, run.length));
});

test('a hundred followers ask as much as one', async () => {
  const run = new FakeRun();
  const readers = new RunReaders();
  setTimeout(() => {
    run.length = 10;
  }, 100);
  setTimeout(() => {
    run.over = true;
  }, 300);
  const all = await Promise.all(upTo(0, 100).map(() => follow(readers, run)));
  for (const told of all) expect(positions(told)).toEqual(upTo(0, 10));
  expect(run.asked).toBeLessThan(25);
  expect(run.described).toBeLessThan(25);
});

test('a long run is read page by page, and a late follower reads what is not kept any more', async () => {
  const run = new FakeRun();
  Object.assign(run, { length: 1_200, pageSize: 90 });
  const readers = new RunReaders();
  const first = follow(readers, run);
  await sleep(60);
  const second = follow(readers, run, { from: 3 });
  await sleep(60);
  run.over = true;
  expect(positions(await first)).toEqual(upTo(0, 1_200));
  expect(positions(await second)).toEqual(upTo(3, 1_200));
});

test('what the server has no more is skipped', async () => {
  const run = new FakeRun();
  Object.assign(run, { length: 10, base: 4, over: true });
  expect(positions(await follow(new RunReaders(), run))).toEqual(upTo(4, 10));
});

test('an error ends all followers with it, and the next one begins anew', async () => {
  const run = new FakeRun();
  const readers = new RunReaders();
  const both = Promise.allSettled([follow(readers, run), follow(readers, run)]);
  run.failure = new Error('gone');
  expect(await both).toEqual([
    expect.objectContaining({ reason: run.failure }),
    expect.objectContaining({ reason: run.failure }),
  ]);
  Object.assign(run, { failure: undefined, length: 1, over: true });
  expect(positions(await follow(readers, run))).toEqual([0]);
});

test('when the last follower leaves, nothing more is asked', async () => {
  const run = new FakeRun();
  const readers = new RunReaders(new MemoryStreamBus());
  const leaving = new AbortController();
  const followers = [
    follow(readers, run, { signal: leaving.signal }),
    follow(readers, run, { signal: leaving.signal }),
  ];
  await sleep(30);
  leaving.abort();
  await Promise.all(followers);
  const { described } = run;
  await sleep(150);
  expect(run.described).toBeLessThanOrEqual(described + 1);
});

describe('with a bus', () => {
  const call = { turn: 1, position: 1, call: 1, attempt: 1 };
  const delta = (offset: number, text: string, attempt = 1): StreamEvent => ({
    type: 'delta',
    ...call,
    attempt,
    kind: 'text',
    offset,
    text,
  });
  const short = (told: RunEvent[]): string[] =>
    told.map((event) => {
      if (event.type === 'message') return `#${event.position}`;
      return event.type === 'attempt' ? `drop ${event.attempt}` : `${event.attempt} ${event.kind} ${event.text}`;
    });

  /** Follows while the script runs, and then until the end. */
  async function during(script: (run: FakeRun, say: (...events: StreamEvent[]) => Promise<void>) => Promise<void>) {
    const bus = new MemoryStreamBus();
    const run = new FakeRun();
    run.length = 1;
    const told = follow(new RunReaders(bus), run, { deltas: true });
    await sleep(30);
    await script(run, async (...events) => {
      for (const event of events) bus.publish(TOPIC, JSON.stringify(event));
      await sleep(20);
    });
    run.over = true;
    bus.publish(TOPIC, JSON.stringify({ type: 'news' }));
    return short(await told);
  }

  test('deltas come between the messages, and a message puts an end to them', async () => {
    const told = await during(async (run, say) => {
      await say({ type: 'began', ...call }, delta(0, 'he'));
      await say(delta(2, 'llo'));
      run.length = 2;
      await say({ type: 'ended', ...call, ok: true });
      await sleep(80);
      await say(delta(5, ' too late'));
    });
    expect(told).toEqual(['#0', '1 text he', '1 text llo', '#1']);
  });

  test('a failed attempt is dropped at once; so is one whose end was not heard of', async () => {
    const told = await during(async (_run, say) => {
      await say(delta(0, 'a'));
      await say({ type: 'ended', ...call, ok: false });
      await say(delta(0, 'b', 2));
      await say({ type: 'began', ...call, attempt: 3 });
      await say(delta(0, 'c', 3));
    });
    expect(told).toEqual(['#0', '1 text a', 'drop 1', '2 text b', 'drop 2', '3 text c', 'drop 3']);
  });

  test('names of tools come whole', async () => {
    const names = (offset: number, text: string): StreamEvent => ({
      type: 'delta',
      ...call,
      kind: 'tool-call',
      offset,
      text,
    });
    const told = await during(async (run, say) => {
      await say(names(0, 'look\nfiles_'));
      await say(names(11, 'read\n'));
      run.length = 2;
    });
    expect(told).toEqual(['#0', '1 tool-call look', '1 tool-call files_read', '#1']);
  });

  test('news is looked at soon, however long nothing happened', async () => {
    const bus = new MemoryStreamBus();
    const run = new FakeRun();
    const told: [number, number][] = [];
    const leaving = new AbortController();
    const following = (async () => {
      for await (const event of new RunReaders(bus).follow('run', run, { signal: leaving.signal })) {
        if (event.type === 'message') told.push([event.position, Date.now()]);
      }
    })();
    await sleep(2_500);
    run.length = 1;
    const at = Date.now();
    bus.publish(TOPIC, JSON.stringify({ type: 'news' }));
    await sleep(200);
    expect(told).toEqual([[0, expect.any(Number)]]);
    expect((told[0]?.[1] ?? 0) - at).toBeLessThan(150);
    leaving.abort();
    await following;
  });
});
