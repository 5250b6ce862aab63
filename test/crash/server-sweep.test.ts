import type { Expected } from './support/checker';
import { Cluster } from './support/cluster';
import { type Undisturbed, undisturbed } from './support/evidence';
import { KINDS } from './support/failpoints';
import { choose, LONG } from './support/points';
import { survivors } from './support/processes';
import { report, say, sweepCampaign } from './support/report';
import { type Struck, sweepServer } from './support/sweep';

/** G1, G7: the Temporal server dies by SIGKILL at every boundary of the loop and comes back on its database file. */

const MINUTES = 60_000;
/** Each kind once. */
const SHORT_POINTS = KINDS.length;
const KILLS_PER_SESSION = 3;

let clusters: Cluster[];
let calm: Undisturbed;
let struck: Struck[];

beforeAll(async () => {
  clusters = await Promise.all([Cluster.start(), Cluster.start()]);
  calm = await undisturbed(clusters[0] as Cluster);
  const points = choose(calm.crossings, LONG ? Number.POSITIVE_INFINITY : SHORT_POINTS);
  const swept = clusters.map((cluster, index) => {
    const mine = points.filter((_, at) => at % clusters.length === index);
    return sweepServer(cluster, mine, calm.expected satisfies Expected, KILLS_PER_SESSION);
  });
  struck = (await Promise.all(swept)).flat();
  say(report(sweepCampaign(`server killed at ${points.length} of ${calm.crossings.length} boundaries`, struck)));
}, 60 * MINUTES);

afterAll(async () => {
  await Promise.all((clusters ?? []).map((cluster) => cluster.stop()));
  expect(await survivors()).toEqual([]);
});

test('the server was killed at every kind of boundary', () => {
  expect(new Set(struck.flatMap(({ hit }) => hit.map(({ kind }) => kind)))).toEqual(new Set(KINDS));
  const missed = struck.flatMap((one) => one.missed.map(({ key }) => key));
  expect(missed.length).toBeLessThanOrEqual(calm.crossings.length * 0.05);
});

test('it was really gone each time', () => {
  const kills = clusters.flatMap(({ serverKills }) => serverKills);
  expect(kills).toHaveLength(struck.flatMap(({ hit }) => hit).length);
});

test('no run is lost, nothing recorded is repeated, effects and answers are right', () => {
  expect(struck.flatMap(({ verdict }) => verdict.findings)).toEqual([]);
});
