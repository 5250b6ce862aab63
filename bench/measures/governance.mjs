import { modelFor } from '../task.mjs';
import { median, ratios, summary, timed } from './statistics.mjs';

/** Turns of a short and of a long run: their difference is what a turn costs, the rest what a run does. */
const SHORT = 10;
const LONG = 50;
const AT_ONCE = 50;
const ACCOUNT = 'bench/clerks';

/** The same clerk under rules and on an account, and without both; one worker, in turn. What the difference costs. */
export async function governance(stand, { quick }) {
  const { driver } = await stand.start('holdfast', 'tuned', { variant: 'governance' });
  await driver.holdfast.budgets.create('bench', { funds: 1_000_000, by: 'bench' });
  await driver.holdfast.budgets.create(ACCOUNT, { by: 'bench' });
  const free = { agent: 'clerk-free' };
  const governed = { agent: 'clerk-governed', session: { account: ACCOUNT } };
  const kinds = { free, governed };
  const turn = { free: [], governed: [] };
  const ends = { free: [], governed: [] };
  const many = { free: [], governed: [] };
  const rounds = quick ? 3 : 7;
  const each = quick ? 1 : 3;
  for (const [name, options] of Object.entries(kinds)) await oneByOne(driver, `gov-warm-${name}`, 2, SHORT, options);
  for (let round = 0; round < rounds; round++) {
    for (const [name, options] of Object.entries(kinds)) {
      const short = await timed(() => oneByOne(driver, `gov-s-${name}-${round}`, 3 * each, SHORT, options));
      const long = await timed(() => oneByOne(driver, `gov-l-${name}-${round}`, each, LONG, options));
      const perTurn = (long / each - short / each / 3) / (LONG - SHORT);
      turn[name].push(perTurn);
      ends[name].push(short / each / 3 - SHORT * perTurn);
    }
  }
  const runs = quick ? 50 : 200;
  const before = await leases(driver);
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const [name, options] of Object.entries(kinds)) {
      many[name].push((await timed(() => together(driver, `gov-many-${name}-${round}`, runs, options))) / 1_000);
    }
  }
  const leased = (await leases(driver)) - before;
  const seconds = many.governed.reduce((sum, spent) => sum + spent, 0);
  return [
    {
      id: 'governance-turn',
      what: `ms per further tool turn of a run (turns ${SHORT + 1} to ${LONG}): with permissions and an account ÷ without`,
      unit: 'x',
      must: 1.1,
      aim: 1.05,
      ...ratios(turn.governed, turn.free),
      detail: `${median(turn.governed).toFixed(1)} ÷ ${median(turn.free).toFixed(1)} ms`,
    },
    {
      id: 'governance-run',
      what: 'ms that a run takes longer for its account: leasing before its first call, settling at its end',
      unit: 'ms',
      ...summary(ends.governed.map((ms, round) => ms - ends.free[round])),
      detail: 'one run at a time',
    },
    {
      id: 'governance-hot-account',
      what: `time of ${runs} × 3 turns, ${AT_ONCE} at once, all on one account ÷ without`,
      unit: 'x',
      ...ratios(many.governed, many.free),
      detail: `${median(many.governed).toFixed(1)} ÷ ${median(many.free).toFixed(1)} s; ${leased} leases, ${(leased / seconds).toFixed(1)} per second`,
    },
  ];
}

async function oneByOne(driver, id, count, turns, options) {
  for (let at = 0; at < count; at++) await (await driver.start(`${id}-${at}`, modelFor(turns), options)).result();
}

async function together(driver, id, count, options) {
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < count; at = next++)
      await (await driver.start(`${id}-${at}`, modelFor(2), options)).result();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function leases(driver) {
  const { entries } = await driver.holdfast.budgets.entries('bench');
  return entries.filter(({ kind }) => kind === 'lease').length;
}
