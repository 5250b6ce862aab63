import { z } from 'zod';
import { defineTool } from '../../../activities/tools/define-tool';
import { CallCancelled } from '../../../activities/tools/run-tool-call';
import type { ToolMessage } from '../../../protocol/messages';
import { openTestRun, type TestRun } from './tool-call.fixture';

const EVENT_BYTES = 256 * 1024;
const KB = 1_024;
const MB = 1_000_000;

let run: TestRun;
beforeAll(async () => {
  run = await openTestRun();
});
afterAll(() => run.close());

function outputOf(output: () => unknown, timeout = 20_000) {
  const input = z.object({});
  return defineTool({ name: 'big', description: 'Big.', input, effect: 'read', timeout, execute: output });
}

/** What the history would hold. */
function eventBytes(message: ToolMessage): number {
  return Buffer.byteLength(JSON.stringify(message));
}

async function stored(message: ToolMessage): Promise<Buffer> {
  return run.artifacts.get('run-1', message.artifact?.id ?? '');
}

describe('the line between inline and stored', () => {
  test.each([64 * KB - 1, 64 * KB])('%d bytes stay in the message', async (size) => {
    const message = await run.call(
      outputOf(() => 'a'.repeat(size)),
      {},
    );
    expect(message.artifact).toBeUndefined();
    expect(message.content).toHaveLength(size);
  });

  test('one byte more goes to the store', async () => {
    const message = await run.call(
      outputOf(() => `${'a'.repeat(64 * KB)}b`),
      {},
    );
    expect(message.artifact).toMatchObject({ bytes: 64 * KB + 1, mediaType: 'text/plain' });
  });

  test('bytes count, not characters; nothing is lost where the line falls into a code point', async () => {
    for (const lead of ['', 'a', 'ab', 'abc']) {
      const text = lead + '😀'.repeat(16 * KB);
      const message = await run.call(
        outputOf(() => text),
        {},
      );
      if (lead === '') expect(message.content).toBe(text);
      else expect((await stored(message)).toString()).toBe(text);
    }
  });

  test('text that would grow when written as JSON goes to the store, though it is short', async () => {
    const message = await run.call(
      outputOf(() => '\u0001'.repeat(60 * KB)),
      {},
    );
    expect(message.artifact?.bytes).toBe(60 * KB);
    expect(eventBytes(message)).toBeLessThan(EVENT_BYTES);
  });
});

describe.each([1.9, 2.2, 5, 50])('a result of %d MB', (size) => {
  const kinds: [string, () => unknown][] = [
    ['of text', () => 'x'.repeat(size * MB)],
    ['of three-byte characters', () => '語'.repeat((size * MB) / 3)],
    ['of JSON', () => ({ rows: Array.from({ length: size * 100 }, () => 'y'.repeat(9_998)) })],
    ['of escapes', () => '"'.repeat(size * MB)],
    [
      'as a stream',
      async function* () {
        for (let sent = 0; sent < size * MB; sent += 50_000) yield 'z'.repeat(50_000);
      },
    ],
  ];
  test.each(kinds)('%s is a small event, stored up to 10 MB', async (_, output) => {
    let runs = 0;
    const tool = outputOf(() => {
      runs++;
      return output();
    });
    const message = await run.call(tool, {});
    expect(message.outcome).toBe('ok');
    expect(eventBytes(message)).toBeLessThan(32 * KB);
    expect(runs).toBe(1);
    const kept = await stored(message);
    expect(kept.length).toBe(message.artifact?.bytes);
    if (size > 11) {
      expect(kept.length).toBeLessThanOrEqual(10 * KB * KB);
      expect(kept.length).toBeGreaterThan(10 * KB * KB - 4);
      expect(message.content).toMatch(/the output was cut at 10,485,7\d\d bytes, the rest was not kept/);
      expect(message.artifact?.mediaType).toBe('text/plain');
    } else {
      expect(kept.length).toBeGreaterThanOrEqual(Math.floor((size * MB) / 3) * 3);
      expect(message.content).not.toContain('cut');
    }
  });
});

test('the preview shows head and tail and how to read what is between', async () => {
  const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line}`).join('\n');
  const message = await run.call(
    outputOf(() => lines),
    {},
  );
  expect(message.mediaType).toBe('text/plain');
  expect(message.content.startsWith('line 0\nline 1\n')).toBe(true);
  expect(message.content.endsWith('line 19999')).toBe(true);
  const left = lines.length - 4_096 - 2_048;
  expect(left.toLocaleString('en')).toBe('202,745');
  expect(message.content).toContain(
    `[… 202,745 of 208,889 bytes left out; read them with artifact_read {"id":"${message.artifact?.id}","offset":4096} …]`,
  );
});

test('JSON keeps its media type in the store', async () => {
  const value = { text: 'v'.repeat(100_000) };
  const message = await run.call(
    outputOf(() => value),
    {},
  );
  expect(message.artifact?.mediaType).toBe('application/json');
  expect(JSON.parse((await stored(message)).toString())).toEqual(value);
});

describe('streams', () => {
  test('short ones are inline, with code points that come in two chunks whole', async () => {
    const [high, low] = ['\ud83d', '\ude00'];
    async function* halves() {
      yield 'a';
      yield high;
      yield low;
      yield '';
      yield 'b';
    }
    expect(await run.call(outputOf(halves), {})).toMatchObject({ content: 'a😀b', mediaType: 'text/plain' });
  });

  test('a half code point at the end does not break the text', async () => {
    async function* half() {
      yield 'a\ud83d';
    }
    expect((await run.call(outputOf(half), {})).content).toBe('a\ufffd');
  });

  test('an endless one is ended at the cap, promptly, and told so', async () => {
    let returned = false;
    async function* endless() {
      try {
        for (;;) yield 'yes\n'.repeat(1_000);
      } finally {
        returned = true;
      }
    }
    const began = Date.now();
    const message = await run.call(outputOf(endless), {});
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(returned).toBe(true);
    expect(message.artifact?.bytes).toBe(10 * KB * KB);
    expect(message.content).toContain('the output was cut at 10,485,760 bytes');
    expect((await stored(message)).length).toBe(10 * KB * KB);
  });

  test('an endless one of empty chunks is ended by the timeout, though it never waits', async () => {
    let returned = false;
    async function* nothing() {
      try {
        for (;;) yield '';
      } finally {
        returned = true;
      }
    }
    expect((await run.call(outputOf(nothing, 100), {})).outcome).toBe('timed-out');
    expect(returned).toBe(true);
  });

  test('one that stalls is ended by the timeout', async () => {
    async function* stalls() {
      yield 'a';
      await new Promise(() => undefined);
    }
    expect((await run.call(outputOf(stalls, 50), {})).outcome).toBe('timed-out');
  });

  test('one that stalls after it began to spill is ended by a cancellation', async () => {
    async function* stalls() {
      yield 'a'.repeat(100_000);
      await new Promise(() => undefined);
    }
    const controller = new AbortController();
    const pending = run.call(outputOf(stalls), {}, { signal: controller.signal });
    setTimeout(() => controller.abort(new CallCancelled()), 50);
    expect((await pending).outcome).toBe('cancelled');
  });

  test('one that does not let itself be stopped holds the call for a second at most', async () => {
    const stubborn = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 'x'.repeat(1_000_000) }),
        return: () => new Promise<never>(() => undefined),
      }),
    };
    const began = Date.now();
    expect(
      (
        await run.call(
          outputOf(() => stubborn),
          {},
        )
      ).artifact?.bytes,
    ).toBe(10 * KB * KB);
    expect(Date.now() - began).toBeLessThan(3_000);
  });

  test('one that throws on being stopped is a result all the same', async () => {
    const angry = () => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 'x'.repeat(1_000_000) }),
        return: () => Promise.reject(new Error('not now')),
      }),
    });
    expect((await run.call(outputOf(angry), {})).outcome).toBe('ok');
  });

  test.each([10, 100_000])('one that fails after %d bytes is a failed call', async (size) => {
    async function* fails() {
      yield 'a'.repeat(size);
      throw new Error('pipe broke');
    }
    expect(await run.call(outputOf(fails), {})).toMatchObject({ outcome: 'failed', content: 'pipe broke' });
  });

  test('one of something else than text is a failed call', async () => {
    async function* bytes() {
      yield Buffer.from('a');
    }
    const message = await run.call(outputOf(bytes), {});
    expect(message).toMatchObject({ outcome: 'failed', content: 'the stream gave a object, not text' });
  });

  test('memory does not grow with the stream', async () => {
    async function* endless() {
      for (;;) yield 'm'.repeat(100_000);
    }
    const before = process.memoryUsage().arrayBuffers;
    await run.call(outputOf(endless), {}, { outputBytes: 200 * MB });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150 * MB);
  });
});

describe('a store that fails', () => {
  const full = Object.assign(new Error('EIO: i/o error, write /secret/path'), { code: 'EIO' });
  test.each<[string, () => Promise<never>, string]>([
    ['with a code', () => Promise.reject(full), 'EIO'],
    ['with a name', () => Promise.reject(new TypeError('x')), 'TypeError'],
    ['with nothing', () => Promise.reject(new (class {})()), 'unknown error'],
  ])('%s costs the middle of the output, not the call', async (_, put, shown) => {
    const message = await run.call(
      outputOf(() => `${'a'.repeat(200_000)}the end`),
      {},
      { outputs: { put } },
    );
    expect(message.outcome).toBe('ok');
    expect(message.artifact).toBeUndefined();
    expect(message.content).toContain(`could not be stored (${shown})`);
    expect(message.content).not.toContain('/secret/path');
    expect(eventBytes(message)).toBeLessThan(EVENT_BYTES);
  });

  test('stops the stream', async () => {
    let returned = false;
    async function* endless() {
      try {
        for (;;) yield 'x'.repeat(50_000);
      } finally {
        returned = true;
      }
    }
    const message = await run.call(outputOf(endless), {}, { outputs: { put: () => Promise.reject(full) } });
    expect([message.outcome, returned]).toEqual(['ok', true]);
  });
});
