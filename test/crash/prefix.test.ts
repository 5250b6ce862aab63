import { setTimeout as sleep } from 'node:timers/promises';
import type { Evidence } from './support/checker';
import { Cluster } from './support/cluster';
import { gather } from './support/evidence';
import { survivors } from './support/processes';

/**
 * What the provider gets in turn n is a prefix, byte for byte, of what it gets in turn n + 1: that is what prompt caches go by.
 * Over a change of worker in every turn, a restart that remembers nothing, and roll-overs.
 */

const TURNS = 12;
const PLAN = { script: 'long', turns: TURNS, size: 20_000, pace: 150 } as const;

let cluster: Cluster;
let evidence: Evidence;

beforeAll(async () => {
  cluster = await Cluster.start();
  const [first, second] = await Promise.all([load(), load()]);
  await first.poll();
  await cluster.startSession('prefix', 'prefix', PLAN, { rolloverTurns: 5 });
  const ended = cluster.result('prefix');
  await turn(4);
  await second.poll();
  await first.kill();
  await turn(8);
  await second.kill();
  await (await load()).poll();
  evidence = await gather(cluster, 'prefix', await ended);
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

function load() {
  return cluster.worker(cluster.settings('prefix'), true);
}

async function turn(number: number): Promise<void> {
  while (!cluster.ledger.entries('prefix').some(({ key }) => key === `turn-${number}`)) await sleep(5);
}

test('each request is a prefix of the next', () => {
  const taken = new Map(evidence.history.recorded.map(({ key, attempt }) => [key, attempt]));
  const requests = evidence.ledger.filter(
    ({ phase, kind, key, attempt }) => phase === 'begun' && kind === 'model' && taken.get(key) === attempt,
  );
  expect(requests.map(({ key }) => key)).toEqual(Array.from({ length: TURNS }, (_, index) => `turn-${index + 1}`));
  for (const [index, request] of requests.slice(1).entries()) {
    const before = requests[index];
    expect(request.hashes).toHaveLength((before?.hashes?.length ?? 0) + 2);
    expect(request.hashes?.slice(0, before?.hashes?.length)).toEqual(before?.hashes);
    expect(request.preamble).toBe(before?.preamble);
  }
});

test('the session really changed workers and rolled over', () => {
  const pids = new Set(evidence.ledger.filter(({ phase }) => phase === 'begun').map(({ pid }) => pid));
  expect(pids.size).toBe(3);
  expect(evidence.history.runs).toBe(3);
});
