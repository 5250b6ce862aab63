import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { HoldfastClient } from '../../client';
import type { AgentDefinition } from '../../protocol/agent';
import { startVendorServer, type VendorReply, type VendorServer } from '../../testing/vendor-server';
import { type EmbeddedServer, startEmbeddedServer } from '../../workers/embedded/embedded-server';
import { startPlainWorker } from './support/plain-worker';
import { LONG } from './support/points';
import { survivors, watch } from './support/processes';
import { seeded } from './support/random';
import { say } from './support/report';

/**
 * G3: many agents in parallel on one account, with prices nobody knows before, on workers that are killed in the middle of their
 * calls. The vendor keeps a bill of its own: every request that reached it is paid, whether anybody heard the answer or not.
 */

const AGENTS = LONG ? 200 : 40;
const KILLS = LONG ? 30 : 3;
const TURNS = 3;
const FUNDS = 3;
const PRICE = { inputPerMillion: 100, outputPerMillion: 100 };
const MAX_OUTPUT = 2_000;
const SEED = Number(process.env.HOLDFAST_CHAOS_SEED ?? 20_260_101);

const agent: AgentDefinition = {
  name: 'spender',
  instructions: 'Spend.',
  model: 'openai/test-model',
  tools: ['calculator'],
  parameters: { maxOutputTokens: MAX_OUTPUT },
  limits: { turns: 50, repeatedCalls: 50 },
};

const random = seeded(SEED);
const bill = { usd: 0, requests: 0 };
let funded = FUNDS;
/** How far the bill ever was above what was funded at that moment. */
let overspent = 0;

let folder: string;
let server: EmbeddedServer;
let vendor: VendorServer;
let connection: Connection;
let holdfast: HoldfastClient;
const workers: ChildProcess[] = [];
let crashes = 0;
let over = false;

/** What it costs is known when it is asked: also who is killed before the answer has been charged. */
async function answer({ turn }: { turn: number }): Promise<VendorReply> {
  const usage = { inputTokens: 10, outputTokens: 1 + Math.floor(random() * (MAX_OUTPUT - 1)) };
  bill.requests++;
  bill.usd += ((usage.inputTokens + usage.outputTokens) * PRICE.outputPerMillion) / 1_000_000;
  overspent = Math.max(overspent, bill.usd - funded);
  const latencyMs = Math.floor(random() * 400);
  if (turn + 1 >= TURNS) return { text: 'done', usage, latencyMs };
  return { toolCalls: [{ name: 'calculator', arguments: { expression: `1+${turn}` } }], usage, latencyMs };
}

async function startWorker(): Promise<void> {
  const child = await startPlainWorker({
    address: server.address,
    taskQueue: 'storm',
    home: path.join(folder, 'home'),
    agents: [agent],
    env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: vendor.openaiURL },
    prices: { 'openai/test-model': PRICE },
  });
  workers.push(child);
  // Who dies without having been killed is replaced as well, and told of.
  child.once('exit', (_code, signal) => {
    if (over || child.killed || signal === 'SIGKILL') return;
    crashes++;
    workers.splice(workers.indexOf(child), 1);
    startWorker().catch(() => undefined);
  });
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-storm-'));
  vendor = await startVendorServer({ script: answer, logBodies: false });
  server = await startEmbeddedServer({ home: folder, port: 0, uiPort: 0, startTimeoutMs: 60_000 });
  watch(server.pid, 'Temporal server');
  connection = await Connection.connect({ address: server.address });
  holdfast = new HoldfastClient(new Client({ connection }), { taskQueue: 'storm' });
  await Promise.all([startWorker(), startWorker()]);
}, 180_000);

afterAll(async () => {
  over = true;
  for (const child of workers) child.kill('SIGKILL');
  await connection?.close();
  await server?.stop();
  await vendor?.close();
  rmSync(folder, { recursive: true, force: true });
  expect(await survivors()).toEqual([]);
});

/** Kills whoever is oldest, as soon as requests are in flight, and starts another. */
async function killWorkers(): Promise<number> {
  let kills = 0;
  while (kills < KILLS && !over) {
    await sleep(1_000 + random() * 2_000);
    const seen = bill.requests;
    for (let left = 100; left > 0 && bill.requests === seen; left--) await sleep(50);
    workers.shift()?.kill('SIGKILL');
    kills++;
    await startWorker();
  }
  return kills;
}

/** People who pay whenever they are asked. */
async function topUp(): Promise<void> {
  while (!over) {
    for (const { id } of await holdfast.approvals.list({ run: 'ledger/storm' })) {
      funded += FUNDS;
      await holdfast.approvals.approve(id, { by: 'ana' }).catch(() => {
        funded -= FUNDS;
      });
    }
    await sleep(200);
  }
}

test(
  `${AGENTS} agents on one account, ${KILLS} kills: never more spent than funded, the book adds up, nobody starves`,
  async () => {
    await holdfast.budgets.create('storm', { funds: FUNDS, ask: { amount: FUNDS } });
    await holdfast.budgets.create('storm/team', { warnAt: [] });
    const began = Date.now();
    const runs = await Promise.all(
      Array.from({ length: AGENTS }, (_, at) =>
        holdfast.start('spender', { id: `storm-${at}`, input: `go ${at}`, account: 'storm/team' }),
      ),
    );
    const helpers = Promise.all([killWorkers(), topUp()]);
    const results = await Promise.all(runs.map((run) => run.result()));
    over = true;
    const seconds = (Date.now() - began) / 1_000;
    const [kills] = await helpers;
    expect(results.map(({ stopReason }) => stopReason)).toEqual(runs.map(() => 'completed'));

    const root = await holdfast.budgets.get('storm');
    const { problem, entries } = await holdfast.budgets.entries('storm');
    const leases = entries.filter(({ kind }) => kind === 'lease').length;
    const usd = (amount: number) => `$${amount.toFixed(2)}`;
    say(
      [
        `budget storm: ${AGENTS} agents, ${KILLS} kills, ${seconds.toFixed(0)} s`,
        `  workers that died by themselves: ${crashes}`,
        `  ${bill.requests} requests, ${leases} leases (${(leases / seconds).toFixed(1)} per s), seed ${SEED}`,
        `  billed ${usd(bill.usd)}, counted ${usd(root.spent)} (${usd(root.lost)} for lost attempts), funded ${usd(root.funded ?? 0)}`,
      ].join('\n'),
    );
    expect(overspent).toBeLessThanOrEqual(0);
    expect(root.leased).toBe(0);
    expect(root.spent).toBeLessThanOrEqual(root.funded ?? 0);
    // Nothing that was billed is missing; what is counted beyond it is what lost attempts could have cost.
    expect(root.spent).toBeGreaterThanOrEqual(bill.usd - 1e-6);
    expect(root.spent - root.lost).toBeLessThanOrEqual(bill.usd + 1e-6);
    expect(results.reduce((sum, { costUsd }) => sum + costUsd, 0)).toBeCloseTo(root.spent, 4);
    expect(problem).toBeNull();
    expect(kills).toBe(KILLS);
  },
  LONG ? 1_800_000 : 300_000,
);
