import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalStreamBus } from '../../streams/local-stream-bus';
import { MemoryStreamBus } from '../../streams/memory-stream-bus';
import { FrameReader, framesOf } from '../../streams/postgres-frames';
import { PostgresStreamBus } from '../../streams/postgres-stream-bus';
import type { StreamBus, Unsubscribe } from '../../streams/stream-bus';
import { eventually } from '../fixtures/eventually';
import { type Postgres, postgresPrograms, startPostgres } from '../fixtures/postgres';

/** One kind of bus: the ends of workers and of followers, as processes would have them. */
interface Subject {
  start(): Promise<void>;
  worker(): StreamBus;
  follower(): StreamBus;
  stop(): Promise<void>;
  /** Cuts the connections there are, where there are any. */
  cut?(): Promise<void>;
}

const troubles: Error[] = [];
const onTrouble = (error: Error): void => void troubles.push(error);

function memory(): Subject {
  const bus = new MemoryStreamBus();
  const end = (): StreamBus => {
    const ends: Unsubscribe[] = [];
    let closed = false;
    return {
      publish: (topic, payload) => closed || bus.publish(topic, payload),
      async subscribe(topic, onPayload) {
        const unsubscribe = closed ? async () => undefined : await bus.subscribe(topic, onPayload);
        ends.push(unsubscribe);
        return unsubscribe;
      },
      async close() {
        closed = true;
        for (const unsubscribe of ends) await unsubscribe();
      },
    };
  };
  return { start: async () => undefined, worker: end, follower: end, stop: () => bus.close() };
}

function local(home: string): Subject {
  return {
    start: async () => undefined,
    worker: () => new LocalStreamBus({ home, listen: true, onTrouble }),
    follower: () => new LocalStreamBus({ home, onTrouble }),
    stop: async () => rmSync(home, { recursive: true, force: true }),
  };
}

function postgres(programs: string): Subject {
  let server: Postgres | undefined;
  const bus = (): StreamBus => new PostgresStreamBus({ url: server?.url ?? '', onTrouble });
  return {
    start: async () => {
      server = await startPostgres(programs);
    },
    worker: bus,
    follower: bus,
    stop: async () => server?.stop(),
    cut: async () => server?.dropConnections(),
  };
}

const programs = postgresPrograms();
if (!programs) process.stderr.write('PostgreSQL is not installed: its stream bus is not tested here.\n');
const temporary = (): string => mkdtempSync(path.join(tmpdir(), 'holdfast-bus-'));
const SUBJECTS: [string, () => Subject][] = [
  ['memory', memory],
  ['local', () => local(temporary())],
  ...(programs ? [['postgres', () => postgres(programs)] as [string, () => Subject]] : []),
];

describe.each(SUBJECTS)('the bus: %s', (_name, make) => {
  const subject = make();
  const open: StreamBus[] = [];
  const opened = (bus: StreamBus): StreamBus => {
    open.push(bus);
    return bus;
  };
  const worker = (): StreamBus => opened(subject.worker());
  const follower = (): StreamBus => opened(subject.follower());
  /** A bus, and everything that it hears on a topic. */
  async function listening(bus: StreamBus, topic: string) {
    const heard: string[] = [];
    const reconnects: number[] = [];
    const end = await bus.subscribe(
      topic,
      (payload) => heard.push(payload),
      () => reconnects.push(heard.length),
    );
    return { bus, heard, reconnects, end };
  }

  beforeAll(() => subject.start());
  afterEach(async () => {
    for (const bus of open.splice(0)) await bus.close();
  });
  afterAll(() => subject.stop());

  test('what a worker publishes reaches every follower of the topic, in order, and nobody else', async () => {
    const source = worker();
    source.publish('other', 'makes it known');
    const both = await Promise.all([listening(follower(), 'a'), listening(follower(), 'a')]);
    const other = await listening(follower(), 'b');
    await eventually(async () => {
      source.publish('a', 'hello?');
      await sleep(20);
      for (const { heard } of both) expect(heard).toContain('hello?');
    });
    for (const { heard } of both) heard.length = 0;
    const sent = Array.from({ length: 300 }, (_, at) => `${at}`);
    for (const payload of sent) source.publish('a', payload);
    await eventually(async () => {
      for (const { heard } of both) expect(heard.filter((payload) => payload !== 'hello?')).toEqual(sent);
    });
    expect(other.heard).toEqual([]);
  });

  test('what a follower publishes reaches every worker', async () => {
    const workers = await Promise.all([listening(worker(), 'joins'), listening(worker(), 'joins')]);
    const { bus } = await listening(follower(), 'anything');
    bus.publish('joins', 'me');
    await eventually(async () => {
      for (const { heard } of workers) expect(heard).toEqual(['me']);
    });
  });

  test('workers hear each other, each payload once', async () => {
    const [first, second] = [await listening(worker(), 'a'), await listening(worker(), 'a')];
    await eventually(async () => {
      first.bus.publish('a', 'ready?');
      await sleep(20);
      expect(second.heard).toContain('ready?');
    });
    await sleep(50);
    for (const { heard } of [first, second]) heard.length = 0;
    second.bus.publish('a', 'one');
    await eventually(async () => expect(first.heard).toContain('one'));
    await sleep(50);
    expect(first.heard).toEqual(['one']);
    expect(second.heard).toEqual(['one']);
  });

  test('carries any text, also a long one', async () => {
    const source = worker();
    const { heard } = await listening(follower(), 'a');
    const texts = [
      '',
      'ünï · 漢字 · 🦊',
      '{"a":"\\u0000"}',
      'line\nbreak',
      `${'🦊'.repeat(6_000)}x`,
      'x'.repeat(30_000),
    ];
    await eventually(async () => {
      source.publish('a', 'first');
      await sleep(20);
      expect(heard).toContain('first');
    });
    for (const text of texts) source.publish('a', text);
    await eventually(async () => expect(heard.filter((text) => text !== 'first')).toEqual(texts));
  });

  test('a subscription that ended hears nothing more; another one on the topic does', async () => {
    const source = worker();
    const bus = follower();
    const [first, second] = [await listening(bus, 'a'), await listening(bus, 'a')];
    await first.end();
    await first.end();
    await eventually(async () => {
      source.publish('a', 'x');
      await sleep(20);
      expect(second.heard).toContain('x');
    });
    expect(first.heard).toEqual([]);
  });

  test('a worker that comes later is found', async () => {
    const { heard, reconnects } = await listening(follower(), 'a');
    const before = reconnects.length;
    const late = worker();
    await eventually(async () => {
      late.publish('a', 'x');
      await sleep(20);
      expect(heard).toContain('x');
    });
    if (subject.cut === undefined && _name !== 'memory') expect(reconnects.length).toBeGreaterThan(before);
  });

  test('a listener that throws does no harm to others', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const source = worker();
    const bus = follower();
    await bus.subscribe('a', () => {
      throw new Error('bug');
    });
    const { heard } = await listening(bus, 'a');
    await eventually(async () => {
      source.publish('a', 'x');
      await sleep(20);
      expect(heard).toContain('x');
    });
    expect(warned).toHaveBeenCalled();
    warned.mockRestore();
  });

  test('after closing nothing is heard, and publishing is no error', async () => {
    const source = worker();
    const { bus, heard } = await listening(follower(), 'a');
    await bus.close();
    await bus.close();
    source.publish('a', 'x');
    bus.publish('a', 'x');
    await (await bus.subscribe('a', (payload) => heard.push(payload)))();
    await sleep(100);
    expect(heard).toEqual([]);
  });

  test('a lost connection comes back by itself, and is told', async () => {
    if (!subject.cut) return;
    const source = worker();
    const { heard, reconnects } = await listening(follower(), 'a');
    await eventually(async () => {
      source.publish('a', 'before');
      await sleep(20);
      expect(heard).toContain('before');
    });
    const before = reconnects.length;
    await subject.cut();
    await eventually(async () => expect(reconnects.length).toBeGreaterThan(before));
    await eventually(async () => {
      source.publish('a', 'after');
      await sleep(50);
      expect(heard).toContain('after');
    });
    expect(troubles.length).toBeGreaterThan(0);
  });
});

describe('PostgreSQL', () => {
  test('that is not there holds nobody up; once it is there, it is used', async () => {
    if (!programs) return;
    const server = await startPostgres(programs);
    const { url } = server;
    await server.stop();
    troubles.length = 0;
    const [worker, follower] = [new PostgresStreamBus({ url, onTrouble }), new PostgresStreamBus({ url, onTrouble })];
    const heard: string[] = [];
    worker.publish('a', 'nobody is there');
    await follower.subscribe('a', (payload) => heard.push(payload));
    expect(troubles[0]?.message).toMatch(/ECONNREFUSED/);
    const again = await startPostgres(programs, Number(new URL(url).port));
    await eventually(async () => {
      worker.publish('a', 'x');
      await sleep(50);
      expect(heard).toContain('x');
    });
    expect(heard).not.toContain('nobody is there');
    await Promise.all([worker.close(), follower.close()]);
    await again.stop();
  });

  test('without its package is refused, with what to do', () => {
    jest.isolateModules(() => {
      jest.doMock('pg', () => {
        throw new Error("Cannot find module 'pg'");
      });
      const { PostgresStreamBus: Bus } = require('../../streams/postgres-stream-bus');
      const expected = { code: 'Config.Invalid', hint: 'npm install pg' };
      expect(() => new Bus({ url: 'postgres://host/db' })).toThrow(expect.objectContaining(expected));
    });
    jest.dontMock('pg');
  });

  test('pieces of which one is missing give nothing', () => {
    const reader = new FrameReader();
    const frames = framesOf('s', 1, 'x'.repeat(6_000));
    expect(frames).toHaveLength(3);
    expect([frames[0], frames[2]].map((frame) => reader.take(frame ?? ''))).toEqual([undefined, undefined]);
    expect(frames.map((frame) => reader.take(frame)?.length)).toEqual([undefined, undefined, 6_000]);
    for (const nonsense of ['', 'x', 's:1:0/0', 's:1:5/9:late']) expect(reader.take(nonsense)).toBeUndefined();
    for (let number = 0; number < 100; number++) reader.take(framesOf('s', number, 'y'.repeat(3_000))[0] ?? '');
    expect(reader.take(framesOf('s', 0, 'y'.repeat(3_000))[1] ?? '')).toBeUndefined();
  });
});

describe('sockets of one machine', () => {
  const homes: string[] = [];
  const buses: LocalStreamBus[] = [];
  const bus = (home: string, listen = true): LocalStreamBus => {
    const made = new LocalStreamBus({ home, listen, onTrouble });
    buses.push(made);
    return made;
  };
  const home = (...inside: string[]): string => {
    const made = path.join(temporary(), ...inside);
    homes.push(made);
    return made;
  };
  const socketsIn = (folder: string): string[] => readdirSync(path.join(folder, 'streams'));
  afterEach(async () => {
    for (const made of buses.splice(0)) await made.close();
    for (const made of homes.splice(0)) rmSync(made, { recursive: true, force: true });
  });

  test('are for their user alone, and go with their process', async () => {
    const place = home();
    const worker = bus(place);
    await worker.subscribe('a', () => undefined);
    const [name = ''] = socketsIn(place);
    expect(name).toMatch(new RegExp(`^${process.pid}-`));
    expect(statSync(path.join(place, 'streams')).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(place, 'streams', name)).mode & 0o777).toBe(0o600);
    await worker.close();
    expect(socketsIn(place)).toEqual([]);
  });

  test('a folder that others may enter is closed to them', async () => {
    const place = home();
    mkdirSync(path.join(place, 'streams'));
    chmodSync(path.join(place, 'streams'), 0o777);
    await bus(place).subscribe('a', () => undefined);
    expect(statSync(path.join(place, 'streams')).mode & 0o777).toBe(0o700);
  });

  test('a home whose path is too long for a socket has its sockets elsewhere', async () => {
    const place = home('long'.repeat(30));
    const heard: string[] = [];
    troubles.length = 0;
    await bus(place, false).subscribe('a', (payload) => heard.push(payload));
    // A follower leaves no trace where nothing is yet.
    expect(existsSync(place)).toBe(false);
    expect(troubles).toEqual([]);
    const worker = bus(place);
    await eventually(async () => {
      worker.publish('a', 'x');
      await sleep(20);
      expect(heard).toContain('x');
    });
    expect(readdirSync(place)).toEqual([]);
    await worker.close();
    const digest = createHash('sha256').update(realpathSync(place)).digest('hex').slice(0, 16);
    rmdirSync(path.join(tmpdir(), `holdfast-${process.getuid?.()}-${digest}`));
  });

  test('what a killed process left behind is removed, once it is old', async () => {
    const place = home();
    mkdirSync(path.join(place, 'streams'), { recursive: true });
    const stale = path.join(place, 'streams', '1-00000000.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`;
    require('node:child_process').spawnSync(process.execPath, ['-e', script]);
    expect(socketsIn(place)).toEqual(['1-00000000.sock']);
    const follower = bus(place, false);
    await follower.subscribe('a', () => undefined);
    expect(socketsIn(place)).toEqual(['1-00000000.sock']);
    const long = new Date(Date.now() - 60_000);
    require('node:fs').utimesSync(stale, long, long);
    await eventually(async () => expect(socketsIn(place)).toEqual([]));
  });

  test('a follower that does not read loses what comes, and holds nobody up', async () => {
    const place = home();
    const worker = bus(place);
    await worker.subscribe('any', () => undefined);
    const [name = ''] = socketsIn(place);
    const slow = connect(path.join(place, 'streams', name));
    slow.write(`${JSON.stringify({ add: ['a'], number: 1, listens: false })}\n`);
    slow.pause();
    const heard: string[] = [];
    await bus(place, false).subscribe('a', (payload) => heard.push(payload));
    const started = Date.now();
    const before = process.memoryUsage().rss;
    for (let at = 0; at < 40; at++) {
      for (let n = 0; n < 20; n++) worker.publish('a', `${at} ${'x'.repeat(10_000)}`);
      await sleep(5);
    }
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    await eventually(async () => expect(heard.at(-1)?.startsWith('39 ')).toBe(true));
    slow.destroy();
  });

  test('what is not of this protocol is hung up on', async () => {
    const place = home();
    const worker = bus(place);
    await worker.subscribe('any', () => undefined);
    const [name = ''] = socketsIn(place);
    for (const nonsense of ['hello\n', '{}\n', 'null\n', '{"add":[1],"number":1}\n']) {
      const other = connect(path.join(place, 'streams', name));
      const closed = new Promise((resolve) => other.once('close', resolve));
      other.on('error', () => undefined).resume();
      other.write(nonsense);
      await closed;
    }
  });

  test('a process that accepts and says nothing keeps no follower waiting', async () => {
    const place = home();
    mkdirSync(path.join(place, 'streams'), { recursive: true });
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(path.join(place, 'streams', '2-00000000.sock'), resolve));
    const started = Date.now();
    const follower = bus(place, false);
    await follower.subscribe('a', () => undefined);
    expect(Date.now() - started).toBeLessThan(3_000);
    await follower.close();
    silent.close();
  });

  test('a home that cannot be used is told as trouble, not thrown', async () => {
    const place = home();
    writeFileSync(path.join(place, 'streams'), 'a file');
    troubles.length = 0;
    const worker = bus(place);
    worker.publish('a', 'x');
    await worker.subscribe('a', () => undefined);
    expect(troubles[0]?.message).toMatch(/streams/);
  });
});
