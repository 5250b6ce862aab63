import type { ApprovalSummary } from '../../client/approvals';
import { Cluster } from './support/cluster';
import { sweepServerByEvent, sweepWorkersByEvent } from './support/event-sweep';
import { type Place, placesOf } from './support/event-watch';
import { type Undisturbed, undisturbed } from './support/evidence';
import { choose, evenly, LONG } from './support/points';
import { survivors } from './support/processes';
import { report, say, sweepCampaign } from './support/report';
import { type Struck, sweepServer, sweepWorkers } from './support/sweep';

/**
 * G2: worker and server die by SIGKILL at every boundary and at every event of a run with two `once` tools and of their effects' own
 * workflows. What they did is counted by another process, in a file. A person looks there before they answer: `retry` only where
 * nothing is written.
 */

const MINUTES = 60_000;
const LANES = 3;
const CLUSTERS = 2;
const EVERY = Number.POSITIVE_INFINITY;
/** How many places of each campaign, in full all. */
const SHORT = { worker: 15, server: 3, workerEvents: 4, serverEvents: 3 };
const WORK = { plan: { script: 'effects' as const }, options: {} };
const TOOLS = ['publish', 'deliver'];

interface Asked {
  run: string;
  tool: string;
  /** Effects in the file when the person looked. */
  effects: number;
}

const asked: Asked[] = [];
let clusters: Cluster[];
let calm: Undisturbed;
let events: Place[];
let struck: Struck[];

function effectsOf(run: string, tool: string): number {
  const entries = clusters.flatMap(({ ledger }) => ledger.entries(run));
  return entries.filter(({ phase, name }) => phase === 'effect' && name === tool).length;
}

function lookUp({ run, tool }: ApprovalSummary): 'retry' | 'done' {
  const question = { run: run ?? '', tool: tool ?? '', effects: effectsOf(run ?? '', tool ?? '') };
  asked.push(question);
  return question.effects === 0 ? 'retry' : 'done';
}

/** On both clusters at once, each with its share. */
async function shared<P>(
  points: P[],
  sweep: (cluster: Cluster, mine: P[], index: number) => Promise<Struck[]>,
): Promise<Struck[]> {
  const mine = (index: number) => points.filter((_, at) => at % CLUSTERS === index);
  return (await Promise.all(clusters.map((cluster, index) => sweep(cluster, mine(index), index)))).flat();
}

function tell(title: string, found: Struck[]): Struck[] {
  const runs = new Set(found.map(({ session }) => session));
  const mine = asked.filter(({ run }) => runs.has(run));
  const parked = `parked and asked: ${new Set(mine.map(({ run }) => run)).size} runs, ${mine.filter(({ effects }) => effects === 0).length} retries`;
  const counts = found.flatMap(({ session }) => TOOLS.map((tool) => effectsOf(session, tool)));
  const times = `acts: ${counts.length} to be done, ${counts.filter((n) => n === 1).length} done once, ${counts.filter((n) => n > 1).length} twice`;
  const campaign = sweepCampaign(title, found);
  say(report({ ...campaign, more: [...(campaign.more ?? []), parked, times] }));
  return found;
}

beforeAll(async () => {
  clusters = await Promise.all(Array.from({ length: CLUSTERS }, () => Cluster.start({ settle: lookUp })));
  // A machine that also does something else is slow to notice a death; that is no loss.
  for (const cluster of clusters) cluster.patienceMs = 5 * MINUTES;
  const first = clusters[0] as Cluster;
  calm = await undisturbed(first, WORK);
  events = await placesOf(first.client, 'calm-effects', TOOLS);
  const { crossings, expected } = calm;
  const count = (short: number) => (LONG ? EVERY : short);
  const boundaries = choose(crossings, count(SHORT.worker));
  const ofServer = evenly(crossings, count(SHORT.server));
  const atWorker = evenly(events, count(SHORT.workerEvents));
  const atServer = evenly(events, count(SHORT.serverEvents));
  struck = [
    ...tell(
      `worker killed at ${boundaries.length} of ${crossings.length} boundaries of a run with once tools`,
      await shared(boundaries, (cluster, mine) => sweepWorkers(cluster, mine, expected, LANES, WORK)),
    ),
    ...tell(
      `worker killed at ${atWorker.length} of ${events.length} events`,
      await shared(atWorker, (cluster, mine) => sweepWorkersByEvent(cluster, mine, expected, LANES, WORK)),
    ),
    ...tell(
      `server killed at ${ofServer.length} of ${crossings.length} boundaries`,
      await shared(ofServer, (cluster, mine, index) =>
        sweepServer(cluster, mine, expected, 1, WORK, `server-${index}`),
      ),
    ),
    ...tell(
      `server killed at ${atServer.length} of ${events.length} events`,
      await shared(atServer, (cluster, mine) => sweepServerByEvent(cluster, mine, expected, WORK)),
    ),
  ];
}, 120 * MINUTES);

afterAll(async () => {
  await Promise.all((clusters ?? []).map((cluster) => cluster.stop()));
  expect(await survivors()).toEqual([]);
});

test('the boundaries and the events are those of the run and of both effects', () => {
  const keys = calm.crossings.map(({ key }) => key).join('\n');
  for (const tool of TOOLS) expect(keys).toContain(`activity-received tool.${tool} `);
  expect(keys).toContain('activation-received effect initializeWorkflow');
  expect(keys).toContain('commands-made effect ');
  for (const of of ['session', ...TOOLS]) {
    const types = events.filter((event) => event.of === of).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['workflow_execution_started', 'workflow_execution_completed']));
  }
});

test('workers and servers were killed nearly everywhere they were to be', () => {
  const missed = struck.flatMap((one) => one.missed.map(({ key }) => key));
  expect(missed.length).toBeLessThanOrEqual(struck.length * 0.1);
  const kills = clusters.flatMap(({ serverKills }) => serverKills);
  const ofServer = struck.filter(({ session }) => session.startsWith('server-')).flatMap(({ hit }) => hit);
  expect(kills).toHaveLength(ofServer.length);
});

test('each act happened exactly once, and never twice before somebody was asked', () => {
  const counts = struck.flatMap(({ session }) => TOOLS.map((tool) => ({ session, tool, n: effectsOf(session, tool) })));
  expect(counts.filter(({ n }) => n !== 1)).toEqual([]);
  expect(asked.filter(({ effects }) => effects > 1)).toEqual([]);
});

test('only what cannot look itself up was asked about', () => {
  expect(asked.filter(({ tool }) => tool !== 'publish')).toEqual([]);
  expect(asked.length).toBeGreaterThan(0);
});

test('no run is lost and nothing recorded is repeated', () => {
  // An act that a person or the tool itself found done was not recorded by its attempt: that is no finding here.
  const findings = struck.flatMap(({ verdict }) => verdict.findings).filter(({ what }) => what !== 'outcome');
  expect(findings).toEqual([]);
});
