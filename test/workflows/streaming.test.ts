import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  HoldfastClient,
  LocalStreamBus,
  MemoryStreamBus,
  PostgresStreamBus,
  type RunEvent,
  type StreamBus,
} from '../../client';
import type { AgentDefinition } from '../../protocol/agent';
import { JOIN_TOPIC } from '../../protocol/stream';
import { startVendorServer } from '../../testing/vendor-server';
import { type DrippingModel, drippingModel } from '../fixtures/dripping-model';
import { eventually } from '../fixtures/eventually';
import { postgresPrograms, startPostgres } from '../fixtures/postgres';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('streaming');
const agent: AgentDefinition = { name: 'tester', instructions: 'Test.', model: 'drip/slow' };
const WORDS = Array.from({ length: 30 }, (_, at) => `word${at} `);
const slowly = { pieces: WORDS, everyMs: 40 };

/** The longest that a word may be on its way. */
const LATEST_MS = 250;

type Timed = RunEvent & { at: number };

const contentsOf = (model: DrippingModel, streams?: StreamBus) => ({
  agents: [agent],
  providers: [model],
  ...(streams && { streams }),
});

function clientOn(streams: StreamBus, client = temporal.client): HoldfastClient {
  return new HoldfastClient(client, { taskQueue: temporal.taskQueue, streams });
}

async function followed(events: AsyncIterable<RunEvent>): Promise<Timed[]> {
  const told: Timed[] = [];
  for await (const event of events) told.push({ ...event, at: Date.now() });
  return told;
}

/** What a reader shows of the turn that is being written, just before each message comes. */
function shownTexts(events: readonly RunEvent[]): string[] {
  const shown: string[] = [];
  let text = '';
  for (const event of events) {
    if (event.type === 'attempt') text = '';
    else if (event.type === 'delta') {
      expect(event.offset).toBe(text.length);
      text += event.text;
    } else if (event.message.role === 'assistant') {
      shown.push(text);
      text = '';
    }
  }
  return shown;
}

test('words reach a follower while the model speaks, and the message follows', async () => {
  const streams = new MemoryStreamBus();
  const model = drippingModel([slowly]);
  const told = await temporal.during(contentsOf(model, streams), async () => {
    const run = await clientOn(streams).start('tester', { id: 'words', input: 'go' });
    return followed(run.events({ deltas: true }));
  });
  const deltas = told.filter((event) => event.type === 'delta');
  expect((deltas[0]?.at ?? 0) - (model.saidAt[0] ?? 0)).toBeLessThanOrEqual(LATEST_MS);
  expect(deltas.length).toBeGreaterThan(10);
  expect(deltas[0]).toMatchObject({ turn: 1, attempt: 1, kind: 'text' });
  const [shown = ''] = shownTexts(told);
  expect(WORDS.join('').startsWith(shown)).toBe(true);
  expect(shown.length).toBeGreaterThan(WORDS.join('').length / 2);
  expect(told.flatMap((event) => (event.type === 'message' ? event.position : []))).toEqual([0, 1]);
});

test('what a failed attempt said is dropped at once, and never shown with the next one', async () => {
  const streams = new MemoryStreamBus();
  const model = drippingModel([{ pieces: ['wrong ', 'words'], everyMs: 60, breaks: true }, slowly]);
  const told = await temporal.during(contentsOf(model, streams), async () => {
    const run = await clientOn(streams).start('tester', { id: 'streamed-again', input: 'go' });
    return followed(run.events({ deltas: true }));
  });
  const dropped = told.findIndex((event) => event.type === 'attempt');
  expect(told[dropped]).toMatchObject({ type: 'attempt', turn: 1, attempt: 1 });
  const attempts = (events: Timed[]) => new Set(events.flatMap((event) => ('attempt' in event ? event.attempt : [])));
  expect([...attempts(told.slice(0, dropped))]).toEqual([1]);
  expect([...attempts(told.slice(dropped + 1))]).toEqual([2]);
  const second = told.find((event) => event.type === 'delta' && event.attempt === 2);
  expect(second?.at).toBeGreaterThan(told[dropped]?.at ?? 0);
  expect(WORDS.join('').startsWith(shownTexts(told)[0] ?? '-')).toBe(true);
});

test('a vendor that cuts the stream: the words of the second answer alone', async () => {
  const vendor = await startVendorServer({
    script: [
      { text: ['half ', 'an '.repeat(10), 'answer'], chunkDelayMs: 40, cutAfterChunks: 5, retryAfter: '0' },
      { text: WORDS, chunkDelayMs: 20 },
    ],
  });
  const env = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: vendor.openaiURL };
  const streams = new MemoryStreamBus();
  const contents = { agents: [{ ...agent, model: 'openai/test-model' }], env, streams };
  const told = await temporal.during(contents, async () => {
    const run = await clientOn(streams).start('tester', { id: 'cut', input: 'go' });
    return followed(run.events({ deltas: true }));
  });
  expect(told.filter((event) => event.type === 'attempt')).toHaveLength(1);
  expect(WORDS.join('').startsWith(shownTexts(told)[0] ?? '-')).toBe(true);
  await vendor.close();
});

/** The run with nobody there, and with a crowd: what it wrote to its history, and what was asked of its worker. */
async function measured(id: string, followers: number) {
  const streams = new MemoryStreamBus();
  const asked = jest.spyOn(temporal.client.workflowService, 'queryWorkflow');
  try {
    return await temporal.during(contentsOf(drippingModel([slowly]), streams), async () => {
      const run = await clientOn(streams).start('tester', { id, input: 'go' });
      const all = await Promise.all(Array.from({ length: followers }, () => followed(run.events({ deltas: true }))));
      await run.result();
      const queries = asked.mock.calls.length;
      const events = await temporal.events(id);
      const { raw } = await temporal.client.workflow.getHandle(id).describe();
      const bytes = Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0);
      return { all, queries, types: events.map(({ eventType }) => eventType), bytes };
    });
  } finally {
    asked.mockRestore();
  }
}

test('a hundred followers cost the run no event, and the worker as many questions as one', async () => {
  const alone = await measured('alone', 0);
  const one = await measured('followed', 1);
  const crowd = await measured('crowded', 100);
  expect(crowd.types).toEqual(alone.types);
  expect(Math.abs(crowd.bytes - alone.bytes)).toBeLessThan(200);
  expect(alone.queries).toBe(0);
  expect(one.queries).toBeGreaterThan(0);
  expect(crowd.queries).toBeLessThanOrEqual(one.queries + 8);
  for (const told of crowd.all) {
    expect(told.filter((event) => event.type === 'message')).toHaveLength(2);
    expect(shownTexts(told)[0]?.length).toBeGreaterThan(50);
  }
});

test('whoever follows for messages only hears of them no later, and has the model send nothing', async () => {
  const streams = new MemoryStreamBus();
  const joins: string[] = [];
  await streams.subscribe(JOIN_TOPIC, (payload) => joins.push(payload));
  const positions = await temporal.during(contentsOf(drippingModel([slowly]), streams), async () => {
    const run = await clientOn(streams).start('tester', { id: 'messages', input: 'go' });
    const told: number[] = [];
    for await (const { position } of run.events()) told.push(position);
    return told;
  });
  expect(positions).toEqual([0, 1]);
  expect(joins).toEqual([]);
});

describe('followers in other processes', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function follower(home: string, id: string, from = 0) {
    const script = path.join(__dirname, '..', 'fixtures', 'follower-process.cjs');
    const args = [process.env.HOLDFAST_TEST_ADDRESS ?? '', temporal.namespace, home, id, String(from)];
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const told: Timed[] = [];
    if (child.stdout) createInterface(child.stdout).on('line', (line) => told.push(JSON.parse(line)));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    return { child, told, exited };
  }

  test('hear the words over a socket of the machine, also one that comes after another was killed', async () => {
    const home = temporal.folder();
    const pieces = Array.from({ length: 400 }, (_, at) => `word${at} `);
    const model = drippingModel([{ pieces, everyMs: 25 }]);
    await temporal.during({ ...contentsOf(model), home }, async () => {
      const run = await temporal.holdfast.start('tester', { id: 'elsewhere', input: 'go' });
      const first = follower(home, run.id);
      await eventually(async () => expect(first.told.filter(({ type }) => type === 'delta').length).toBeGreaterThan(5));
      first.child.kill('SIGKILL');
      await first.exited;
      const next = first.told.findLast((event) => event.type === 'message')?.position ?? -1;
      const second = follower(home, run.id, next + 1);
      await second.exited;
      const [shown = ''] = shownTexts(second.told);
      expect(pieces.join('').startsWith(shown)).toBe(true);
      expect(shown.length).toBeGreaterThan(pieces.join('').length * 0.9);
      expect(second.told.flatMap((event) => (event.type === 'message' ? event.position : []))).toEqual([1]);
      expect(await run.result()).toMatchObject({ output: pieces.join('') });
    });
  });

  test('the first word is there in time, and a connection that breaks leaves no gap', async () => {
    const home = temporal.folder();
    const model = drippingModel([slowly]);
    const streams = new LocalStreamBus({ home });
    const told = await temporal.during({ ...contentsOf(model), home }, async () => {
      const run = await clientOn(streams).start('tester', { id: 'broken', input: 'go' });
      const events: Timed[] = [];
      for await (const event of run.events({ deltas: true })) {
        events.push({ ...event, at: Date.now() });
        if (events.length === 8) hangUp(streams);
      }
      return events;
    });
    const first = told.find((event) => event.type === 'delta');
    expect((first?.at ?? 0) - (model.saidAt[0] ?? 0)).toBeLessThanOrEqual(LATEST_MS);
    const [shown = ''] = shownTexts(told);
    expect(WORDS.join('').startsWith(shown)).toBe(true);
    expect(shown.length).toBeGreaterThan(WORDS.join('').length * 0.6);
    await streams.close();
    // The worker took its socket with it.
    expect(readdirSync(path.join(home, 'streams'))).toEqual([]);
  });

  const programs = postgresPrograms();
  (programs ? test : test.skip)('hear the words through PostgreSQL, also when its connections break', async () => {
    const server = await startPostgres(programs ?? '');
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const model = drippingModel([{ pieces: [...WORDS, ...WORDS], everyMs: 40 }]);
    const streams = new PostgresStreamBus({ url: server.url });
    const env = { HOLDFAST_STREAMS: server.url };
    const told = await temporal.during({ ...contentsOf(model), env }, async () => {
      const run = await clientOn(streams).start('tester', { id: 'postgres', input: 'go' });
      const events: Timed[] = [];
      for await (const event of run.events({ deltas: true })) {
        events.push({ ...event, at: Date.now() });
        if (events.length === 8) await server.dropConnections();
      }
      return events;
    });
    const first = told.find((event) => event.type === 'delta');
    expect((first?.at ?? 0) - (model.saidAt[0] ?? 0)).toBeLessThanOrEqual(LATEST_MS);
    const [shown = ''] = shownTexts(told);
    expect([...WORDS, ...WORDS].join('').startsWith(shown)).toBe(true);
    expect(shown.length).toBeGreaterThan(WORDS.join('').length);
    warned.mockRestore();
    await streams.close();
    await server.stop();
  });
});

/** Cuts the connections that a bus has. */
function hangUp(bus: LocalStreamBus): void {
  const { dialled } = bus as unknown as { dialled: Map<string, { destroy(): void }> };
  expect(dialled.size).toBeGreaterThan(0);
  for (const peer of dialled.values()) peer.destroy();
}
