import { inspect } from 'node:util';
import fc from 'fast-check';
import { type CallStream, CallStreams } from '../../activities/model/call-streams';
import { LiveReader } from '../../client/live-reader';
import {
  applyEvent,
  type CallKey,
  JOIN_TOPIC,
  type LiveCall,
  parsePayload,
  type StreamEvent,
  streamEventSchema,
} from '../../protocol/stream';
import { MemoryStreamBus } from '../../streams/memory-stream-bus';
import { openStreams } from '../../streams/open-streams';
import { type StreamBus, warnOnce } from '../../streams/stream-bus';
import { eventually } from '../fixtures/eventually';

const TOPIC = 'run:1';
const key = (attempt = 1, call = 1): CallKey => ({ turn: 1, position: 1, call, attempt });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

function streamsOn(bus: StreamBus): CallStreams {
  const streams = new CallStreams({ open: () => bus, owned: false });
  closing.push(streams);
  return streams;
}

function readerOn(bus: StreamBus, onEvent: (event: StreamEvent) => void = () => undefined): LiveReader {
  const reader = new LiveReader(bus, TOPIC, onEvent);
  closing.push(reader);
  return reader;
}

async function eventsOn(bus: StreamBus): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  await bus.subscribe(TOPIC, (payload) => events.push(parsePayload(streamEventSchema, payload) as StreamEvent));
  return events;
}

const deltasOf = (events: StreamEvent[]) => events.flatMap((event) => (event.type === 'delta' ? [event] : []));
const textOf = (events: StreamEvent[]): string =>
  deltasOf(events)
    .map(({ text }) => text)
    .join('');
const join = (bus: StreamBus): void => bus.publish(JOIN_TOPIC, JSON.stringify({ topic: TOPIC }));

describe('what a worker sends', () => {
  test('nothing but that a call began and ended, when nobody joins', async () => {
    const bus = new MemoryStreamBus();
    const events = await eventsOn(bus);
    const call = streamsOn(bus).begin(TOPIC, key());
    for (let at = 0; at < 100; at++) call.delta({ type: 'text', text: 'word ' });
    call.end(true);
    await pause(60);
    expect(events.map(({ type }) => type)).toEqual(['began', 'ended']);
  });

  test('the first words at once, the following ones together, all of them before the end', async () => {
    const bus = new MemoryStreamBus();
    const events = await eventsOn(bus);
    const call = streamsOn(bus).begin(TOPIC, key());
    join(bus);
    await pause(10);
    const words = Array.from({ length: 400 }, (_, at) => `${at} `);
    call.delta({ type: 'text', text: words[0] as string });
    await pause(5);
    expect(textOf(events)).toBe('0 ');
    for (const text of words.slice(1, 200)) call.delta({ type: 'text', text });
    await pause(60);
    for (const text of words.slice(200)) call.delta({ type: 'text', text });
    call.end(true);
    await pause(10);
    expect(textOf(events)).toBe(words.join(''));
    expect(deltasOf(events).length).toBeLessThan(8);
    expect(events.at(-1)).toMatchObject({ type: 'ended', ok: true });
  });

  test('to one who joins late, what was said so far', async () => {
    const bus = new MemoryStreamBus();
    const events = await eventsOn(bus);
    const call = streamsOn(bus).begin(TOPIC, key());
    call.delta({ type: 'reasoning', text: 'hm' });
    call.delta({ type: 'text', text: 'x'.repeat(9_000) });
    call.delta({ type: 'tool-call', name: 'look' });
    join(bus);
    await pause(50);
    expect(deltasOf(events).map(({ kind, offset, text }) => [kind, offset, text.length])).toEqual([
      ['text', 0, 4_000],
      ['text', 4_000, 4_000],
      ['text', 8_000, 1_000],
      ['reasoning', 0, 2],
      ['tool-call', 0, 5],
    ]);
  });

  test('half of a character only together with the other half', async () => {
    const bus = new MemoryStreamBus();
    const events = await eventsOn(bus);
    const call = streamsOn(bus).begin(TOPIC, key());
    join(bus);
    await pause(10);
    call.delta({ type: 'text', text: '🦊'.slice(0, 1) });
    await pause(50);
    expect(deltasOf(events)).toEqual([]);
    call.delta({ type: 'text', text: '🦊'.slice(1) });
    await pause(50);
    expect(textOf(events)).toBe('🦊');
  });

  test('many who join together are answered together', async () => {
    const bus = new MemoryStreamBus();
    const events = await eventsOn(bus);
    const call = streamsOn(bus).begin(TOPIC, key());
    call.delta({ type: 'text', text: 'x'.repeat(1_000) });
    for (let at = 0; at < 100; at++) join(bus);
    await pause(250);
    expect(deltasOf(events).length).toBeLessThan(4);
  });

  test('a bus that throws, or cannot be made, costs no call', () => {
    const broken: StreamBus = {
      publish: () => {
        throw new Error('no');
      },
      subscribe: () => Promise.reject(new Error('no')),
      close: async () => undefined,
    };
    const call = streamsOn(broken).begin(TOPIC, key());
    call.delta({ type: 'text', text: 'a' });
    call.end(true);
    const none = new CallStreams({ open: () => undefined, owned: true });
    none.begin(TOPIC, key()).end(false);
    none.news(TOPIC);
  });
});

describe('a reader', () => {
  test('has the text, whenever it comes', async () => {
    const bus = new MemoryStreamBus();
    const streams = streamsOn(bus);
    const early = readerOn(bus);
    await pause(10);
    const call = streams.begin(TOPIC, key());
    await pause(10);
    call.delta({ type: 'text', text: 'one ' });
    await pause(50);
    const late = readerOn(bus);
    call.delta({ type: 'text', text: 'two' });
    await eventually(async () => {
      for (const { live } of [early, late]) expect(live?.said.text).toBe('one two');
    });
    call.end(false);
    await eventually(async () => expect(late.live?.outcome).toBe('failed'));
  });

  test('drops what a failed attempt said when the next one begins, whatever comes late', () => {
    const delta = (attempt: number, offset: number, text: string): StreamEvent => ({
      type: 'delta',
      ...key(attempt),
      kind: 'text',
      offset,
      text,
    });
    const events: StreamEvent[] = [
      { type: 'began', ...key(1) },
      delta(1, 0, 'wrong '),
      { type: 'began', ...key(2) },
      delta(1, 6, 'still wrong'),
      { type: 'ended', ...key(1), ok: false },
      delta(2, 0, 'right'),
    ];
    expect(reduced(events)).toMatchObject({ attempt: 2, said: { text: 'right' } });
    expect(reduced(events)?.outcome).toBeUndefined();
  });

  test('a call that is made again under a new schedule is a newer one, though its attempts begin at one', () => {
    const events: StreamEvent[] = [
      { type: 'delta', ...key(3, 1_000), kind: 'text', offset: 0, text: 'old' },
      { type: 'ended', ...key(3, 1_000), ok: false },
      { type: 'delta', ...key(1, 2_000), kind: 'text', offset: 0, text: 'new' },
    ];
    expect(reduced(events)?.said.text).toBe('new');
  });

  test('of an event that repeats and continues takes what is new', () => {
    const delta = (offset: number, text: string): StreamEvent => ({
      type: 'delta',
      ...key(),
      kind: 'text',
      offset,
      text,
    });
    const whole = [delta(0, 'one'), delta(2, 'e tw'), delta(1, 'ne'), delta(0, 'one two'), delta(9, '!')];
    expect(reduced(whole)?.said.text).toBe('one two');
    expect(applyEvent(reduced(whole), delta(9, '!')).missing).toBe(true);
  });

  test('that missed something asks for it at once', async () => {
    const bus = new MemoryStreamBus();
    const reader = readerOn(bus);
    const call = streamsOn(bus).begin(TOPIC, key());
    call.delta({ type: 'text', text: 'one two three' });
    await pause(250);
    reader.live = undefined;
    bus.publish(TOPIC, JSON.stringify({ type: 'delta', ...key(), kind: 'text', offset: 8, text: 'three' }));
    await pause(300);
    expect(reader.live).toMatchObject({ said: { text: 'one two three' } });
  });

  test('ignores what is not of this protocol', () => {
    for (const payload of ['', 'null', '{}', '{"type":"later-version"}', '{"type":"delta","kind":"text"}']) {
      expect(parsePayload(streamEventSchema, payload)).toBeUndefined();
    }
  });

  test('joins again after a silence, ever more seldom', async () => {
    jest.useFakeTimers();
    try {
      const joins: unknown[] = [];
      const bus: StreamBus = {
        publish: (topic, payload) => topic === JOIN_TOPIC && joins.push(JSON.parse(payload)),
        subscribe: async () => async () => undefined,
        close: async () => undefined,
      };
      const reader = new LiveReader(bus, TOPIC, () => undefined);
      await jest.advanceTimersByTimeAsync(60_000);
      expect(joins.length).toBeGreaterThan(4);
      expect(joins.length).toBeLessThan(10);
      await reader.close();
    } finally {
      jest.useRealTimers();
    }
  });
});

function reduced(events: StreamEvent[]): LiveCall | undefined {
  return events.reduce<LiveCall | undefined>((live, event) => applyEvent(live, event).live, undefined);
}

/** What happens between a model that speaks and its readers, in any order. */
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('say' as const), text: fc.string({ unit: 'grapheme', maxLength: 6 }) }),
    fc.constant({ do: 'fail' as const }),
    fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 1, max: 300 }) }),
    fc.constant({ do: 'read' as const }),
  ),
  { maxLength: 40 },
);

/** A bus that loses, repeats and delays, as often as it is told to. */
class UnreliableBus implements StreamBus {
  private readonly listeners = new Map<string, Set<(payload: string) => void>>();
  reliable = false;

  constructor(private readonly next: () => number) {}

  publish(topic: string, payload: string): void {
    const fate = this.reliable ? 3 : this.next();
    const copies = fate % 5 === 0 ? 0 : fate % 7 === 0 ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const delay = this.reliable ? 0 : (fate * (copy + 1)) % 90;
      setTimeout(() => {
        for (const listener of this.listeners.get(topic) ?? []) listener(payload);
      }, delay);
    }
  }

  async subscribe(topic: string, onPayload: (payload: string) => void) {
    const all = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, all.add(onPayload));
    return async () => void all.delete(onPayload);
  }

  async close(): Promise<void> {
    this.listeners.clear();
  }
}

test('whatever is lost, repeated, late or out of order: a reader has a true beginning, and in the end the whole', async () => {
  jest.useFakeTimers();
  try {
    await fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.nat(1_000)), async (script, fates) => {
        const bus = new UnreliableBus(() => fates.next().value as number);
        const streams = new CallStreams({ open: () => bus, owned: false });
        const readers: LiveReader[] = [];
        const truth = new Map<number, string>();
        let attempt = 1;
        const open = (): LiveReader => new LiveReader(bus, TOPIC, () => readers.forEach(isTrue));
        const isTrue = ({ live }: LiveReader): void => {
          if (live) expect(truth.get(live.attempt)?.startsWith(live.said.text)).toBe(true);
        };
        const begin = (): CallStream => {
          truth.set(attempt, '');
          return streams.begin(TOPIC, key(attempt));
        };
        readers.push(open());
        let call = begin();
        for (const step of script) {
          if (step.do === 'say') {
            truth.set(attempt, truth.get(attempt) + step.text);
            call.delta({ type: 'text', text: step.text });
          } else if (step.do === 'fail') {
            call.end(false);
            attempt++;
            call = begin();
          } else if (step.do === 'tick') await jest.advanceTimersByTimeAsync(step.ms);
          else readers.push(open());
          readers.forEach(isTrue);
        }
        bus.reliable = true;
        await jest.advanceTimersByTimeAsync(40_000);
        for (const { live } of readers) expect(live?.said.text ?? '').toBe(truth.get(attempt));
        for (const reader of readers) await reader.close();
        await streams.close();
      }),
      { numRuns: 200 },
    );
  } finally {
    jest.useRealTimers();
  }
});

test('trouble with a bus is a warning of the process, each kind once', () => {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const tell = warnOnce();
  for (const message of ['no route', 'no route', 'no room']) tell(new Error(message));
  expect(warned.mock.calls.map(([text]) => text)).toEqual([
    expect.stringContaining('no route'),
    expect.stringContaining('no room'),
  ]);
  warned.mockRestore();
});

describe('HOLDFAST_STREAMS', () => {
  const streams = (value?: string) => openStreams({ home: '/nowhere', env: { HOLDFAST_STREAMS: value } });

  test('names a bus, which connects to nothing yet', () => {
    expect(streams('off')).toBeUndefined();
    for (const value of [undefined, '', 'local']) expect(streams(value)?.constructor.name).toBe('LocalStreamBus');
    expect(streams('postgres://user:secret@host/db')?.constructor.name).toBe('PostgresStreamBus');
  });

  test.each(['on', 'redis://host', 'postgres:'])('%s is refused', (value) => {
    expect(() => streams(value)).toThrow(expect.objectContaining({ code: 'Config.Invalid', hint: expect.any(String) }));
  });

  test('a refusal does not tell the password', () => {
    const refused = (): unknown => {
      try {
        return streams('postgres://user:secret@host:port%/db');
      } catch (error) {
        return error;
      }
    };
    expect(refused()).toMatchObject({ code: 'Config.Invalid' });
    expect(inspect(refused(), { depth: 10 })).not.toContain('secret');
  });
});
