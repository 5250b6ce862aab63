import { modelFor } from '../task.mjs';
import { median, ratios, timed } from './statistics.mjs';

const TURNS = 10;
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
  const one = { free: [], governed: [] };
  const many = { free: [], governed: [] };
  const rounds = quick ? 2 : 7;
  const each = quick ? 2 : 6;
  for (const [name, options] of Object.entries(kinds)) await oneByOne(driver, `gov-warm-${name}`, each, options);
  for (let round = 0; round < rounds; round++) {
    for (const [name, options] of Object.entries(kinds)) {
      const spent = await timed(() => oneByOne(driver, `gov-${name}-${round}`, each, options));
      one[name].push(spent / each / TURNS);
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
      what: `ms per turn, ${TURNS} tool turns: with permissions and an account ÷ without`,
      unit: 'x',
      must: 1.1,
      aim: 1.05,
      ...ratios(one.governed, one.free),
      detail: `${median(one.governed).toFixed(1)} ÷ ${median(one.free).toFixed(1)} ms`,
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

async function oneByOne(driver, id, count, options) {
  for (let at = 0; at < count; at++) await (await driver.start(`${id}-${at}`, modelFor(TURNS), options)).result();
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
