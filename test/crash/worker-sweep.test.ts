import { Cluster } from './support/cluster';
import { type Undisturbed, undisturbed } from './support/evidence';
import { KINDS } from './support/failpoints';
import { choose, LONG } from './support/points';
import { survivors } from './support/processes';
import { report, say, sweepCampaign } from './support/report';
import { type Struck, sweepWorkers } from './support/sweep';

/** G1, G7: a worker dies by SIGKILL at every boundary of the loop. */

const MINUTES = 60_000;
const LANES = 6;
/** Each kind once. */
const SHORT_POINTS = KINDS.length;

let cluster: Cluster;
let calm: Undisturbed;
let struck: Struck[];

beforeAll(async () => {
  cluster = await Cluster.start();
  calm = await undisturbed(cluster);
  const points = choose(calm.crossings, LONG ? Number.POSITIVE_INFINITY : SHORT_POINTS);
  struck = await sweepWorkers(cluster, points, calm.expected, LANES);
  say(report(sweepCampaign(`worker killed at ${points.length} of ${calm.crossings.length} boundaries`, struck)));
}, 60 * MINUTES);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

test('the undisturbed session crosses every kind of boundary', () => {
  expect(new Set(calm.crossings.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  expect(calm.evidence.history.runs).toBe(2);
});

test('the worker was killed at every kind of boundary', () => {
  expect(new Set(struck.flatMap(({ hit }) => hit.map(({ kind }) => kind)))).toEqual(new Set(KINDS));
  const missed = struck.flatMap((one) => one.missed.map(({ key }) => key));
  expect(missed.length).toBeLessThanOrEqual(struck.length * 0.05);
});

test('no run is lost, nothing recorded is repeated, effects and answers are right', () => {
  expect(struck.flatMap(({ verdict }) => verdict.findings)).toEqual([]);
});
