import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { HoldfastClient, type PlanDefinition } from '../../client';
import type { AgentDefinition } from '../../protocol/agent';
import { startVendorServer, type VendorServer } from '../../testing/vendor-server';
import { type EmbeddedServer, startEmbeddedServer } from '../../workers/embedded/embedded-server';
import { startPlainWorker } from './support/plain-worker';
import { LONG } from './support/points';
import { survivors, watch } from './support/processes';
import { seeded } from './support/random';
import { say } from './support/report';

/**
 * G1 for plans: graphs of many shapes on workers that are killed. What is done is never run again, what comes after waits for what is
 * before, and the answers are those of a serial run.
 */

const NODES = LONG ? 200 : 24;
const KILLS = LONG ? 20 : 2;
const SEED = Number(process.env.HOLDFAST_CHAOS_SEED ?? 20_260_101);
const random = seeded(SEED);

const agent: AgentDefinition = { name: 'worker', instructions: 'Work.', model: 'openai/test-model' };

type Shape = PlanDefinition['nodes'];
const node = (at: number, after: number[]) => ({ id: `n${at}`, goal: `N${at}`, after: after.map((one) => `n${one}`) });
const numbers = Array.from({ length: NODES }, (_, at) => at);
const SHAPES: Record<string, Shape> = {
  chain: numbers.slice(0, Math.ceil(NODES / 3)).map((at) => node(at, at === 0 ? [] : [at - 1])),
  fan: numbers.map((at) => node(at, at === 0 ? [] : at === NODES - 1 ? numbers.slice(1, -1) : [0])),
  layers: numbers.map((at) =>
    node(at, at < 4 ? [] : [0, 1, 2, 3].filter(() => random() < 0.5).map((one) => (Math.floor(at / 4) - 1) * 4 + one)),
  ),
};

/** What every node answers, when one is run after the other. */
function serial(shape: Shape): Map<string, string> {
  const answers = new Map<string, string>();
  for (const { id, goal, after = [] } of shape)
    answers.set(
      id,
      answerOf(
        goal,
        after.map((one) => answers.get(one as string) ?? ''),
      ),
    );
  return answers;
}

/** Short whatever came before: a number made of it. */
function answerOf(task: string, before: readonly string[]): string {
  let sum = 0;
  for (const character of before.join(',')) sum = (sum * 31 + character.charCodeAt(0)) % 1_000_003;
  return `${task}:${sum}`;
}

let folder: string;
let server: EmbeddedServer;
let vendor: VendorServer;
let connection: Connection;
let holdfast: HoldfastClient;
const workers: ChildProcess[] = [];
/** How often each node of each plan was asked of the vendor. */
let asked = 0;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-plans-'));
  vendor = await startVendorServer({
    logBodies: false,
    script: ({ messages }) => {
      asked++;
      const last = messages.findLast(({ role }) => role === 'user');
      const text = typeof last?.text === 'string' ? last.text : '';
      const told = text.startsWith('{')
        ? (JSON.parse(text) as { task: string; inputs: object })
        : { task: text, inputs: {} };
      return { text: answerOf(told.task, Object.values(told.inputs)), latencyMs: Math.floor(random() * 150) };
    },
  });
  server = await startEmbeddedServer({ home: folder, port: 0, uiPort: 0, startTimeoutMs: 60_000 });
  watch(server.pid, 'Temporal server');
  connection = await Connection.connect({ address: server.address });
  holdfast = new HoldfastClient(new Client({ connection }), { taskQueue: 'plans' });
  await Promise.all([startWorker(), startWorker()]);
}, 180_000);

afterAll(async () => {
  for (const child of workers) child.kill('SIGKILL');
  await connection?.close();
  await server?.stop();
  await vendor?.close();
  rmSync(folder, { recursive: true, force: true });
  expect(await survivors()).toEqual([]);
});

async function startWorker(): Promise<void> {
  const child = await startPlainWorker({
    address: server.address,
    taskQueue: 'plans',
    home: path.join(folder, 'home'),
    agent,
    env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: vendor.openaiURL },
    prices: { 'openai/test-model': { inputPerMillion: 1, outputPerMillion: 1 } },
  });
  workers.push(child);
}

test(
  `plans of ${Object.keys(SHAPES).join(', ')} with up to ${NODES} nodes, ${KILLS} kills: each node once, answers as in a serial run`,
  async () => {
    const shapes = Object.entries(SHAPES);
    const plans = await Promise.all(
      shapes.map(([name, nodes]) =>
        holdfast.plans.submit(
          { name, agent: 'worker', nodes, limits: { parallel: 8 } },
          { id: `shape-${name}`, rolloverNodes: Math.ceil(NODES / 3) },
        ),
      ),
    );
    let over = false;
    const killing = (async () => {
      let kills = 0;
      while (kills < KILLS && !over) {
        const seen = asked;
        for (let left = 200; left > 0 && asked < seen + 3 && !over; left--) await sleep(50);
        workers.shift()?.kill('SIGKILL');
        kills++;
        await startWorker();
      }
      return kills;
    })();
    const results = await Promise.all(plans.map((plan) => plan.result()));
    over = true;
    const kills = await killing;
    for (const [at, [name, nodes]] of shapes.entries()) {
      const expected = serial(nodes);
      const views = (await plans[at]?.nodes()) ?? [];
      expect([name, results[at]?.status, results[at]?.missing]).toEqual([name, 'completed', []]);
      const followed = new Set(nodes.flatMap(({ after = [] }) => after as string[]));
      const sinks = nodes.filter(({ id }) => !followed.has(id)).map(({ id }) => id);
      const outputs = sinks.length === 1 ? { [sinks[0] as string]: results[at]?.output } : results[at]?.output;
      expect([name, outputs]).toEqual([name, Object.fromEntries(sinks.map((id) => [id, expected.get(id)]))]);
      expect(views.map(({ attempts }) => attempts)).toEqual(nodes.map(() => 1));
      const when = new Map(views.map((view) => [view.id, view]));
      for (const { id, after } of views)
        for (const before of after) expect(when.get(before)?.endedAt).toBeLessThanOrEqual(when.get(id)?.startedAt ?? 0);
    }
    const nodes = shapes.reduce((sum, [, shape]) => sum + shape.length, 0);
    say(`plans: ${shapes.length} graphs, ${nodes} nodes, ${kills} kills, ${asked} model calls, seed ${SEED}`);
    expect(kills).toBe(KILLS);
    // A call that was lost with its worker is made again, and nothing else.
    expect(asked).toBeLessThanOrEqual(nodes + kills * 16);
  },
  LONG ? 1_800_000 : 240_000,
);
