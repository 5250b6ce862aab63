import type { ApprovalSummary } from '../../client/approvals';
import { Cluster } from './support/cluster';
import { type Undisturbed, undisturbed } from './support/evidence';
import { choose, LONG } from './support/points';
import { survivors } from './support/processes';
import { report, say, sweepCampaign } from './support/report';
import { type Struck, sweepWorkers } from './support/sweep';

/**
 * G2: a worker dies by SIGKILL at every boundary of a run with two `once` tools and of their effects' own workflows. What they did
 * is counted by another process, in a file. A person looks there before they answer: `retry` only where nothing is written.
 */

const MINUTES = 60_000;
const LANES = 6;
const SHORT_POINTS = 24;
const WORK = { plan: { script: 'effects' as const }, options: {} };
const TOOLS = ['publish', 'deliver'];

interface Asked {
  run: string;
  tool: string;
  /** Effects in the file when the person looked. */
  effects: number;
}

const asked: Asked[] = [];
let cluster: Cluster;
let calm: Undisturbed;
let struck: Struck[];

function effectsOf(run: string, tool: string): number {
  return cluster.ledger.entries(run).filter(({ phase, name }) => phase === 'effect' && name === tool).length;
}

function lookUp({ run, tool }: ApprovalSummary): 'retry' | 'done' {
  const question = { run: run ?? '', tool: tool ?? '', effects: effectsOf(run ?? '', tool ?? '') };
  asked.push(question);
  return question.effects === 0 ? 'retry' : 'done';
}

beforeAll(async () => {
  cluster = await Cluster.start({ settle: lookUp });
  calm = await undisturbed(cluster, WORK);
  const points = choose(calm.crossings, LONG ? Number.POSITIVE_INFINITY : SHORT_POINTS);
  struck = await sweepWorkers(cluster, points, calm.expected, LANES, WORK);
  const title = `worker killed at ${points.length} of ${calm.crossings.length} boundaries of a run with once tools`;
  const runs = new Set(asked.map(({ run }) => run));
  const parked = `parked and asked: ${runs.size} runs, ${asked.filter(({ effects }) => effects === 0).length} retries`;
  say(report({ ...sweepCampaign(title, struck), more: [parked] }));
}, 60 * MINUTES);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

test('the boundaries are those of the run and of both effects', () => {
  const keys = calm.crossings.map(({ key }) => key).join('\n');
  for (const tool of TOOLS) expect(keys).toContain(`activity-received tool.${tool} `);
  expect(keys).toContain('activation-received effect initializeWorkflow');
  expect(keys).toContain('commands-made effect ');
});

test('the worker was killed nearly everywhere it was to be', () => {
  const missed = struck.flatMap((one) => one.missed.map(({ key }) => key));
  expect(missed.length).toBeLessThanOrEqual(struck.length * 0.1);
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
