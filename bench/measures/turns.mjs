import { modelFor } from '../task.mjs';
import { median, ratios, timed } from './statistics.mjs';

const TURNS = 10;

/** a. One session after the other, ten tool turns and an answer each: time from start to result, per tool turn. */
export async function turns(stand, { quick }) {
  const rounds = quick ? 2 : 7;
  const systems = {
    holdfast: await stand.start('holdfast', 'tuned'),
    activityTools: await stand.start('holdfast', 'tuned', { variant: 'activity-tools' }),
    handTuned: await stand.start('hand-written', 'tuned'),
    handStock: await stand.start('hand-written', 'stock'),
    agentsStock: await stand.start('openai-agents', 'stock'),
  };
  const sessions = { holdfast: 6, activityTools: 6, handTuned: 6, handStock: 1, agentsStock: 1 };
  const ms = Object.fromEntries(Object.keys(systems).map((name) => [name, []]));
  for (const [name, { driver }] of Object.entries(systems)) await oneByOne(driver, `warm-${name}`, sessions[name]);
  for (let round = 0; round < rounds; round++) {
    for (const [name, { driver }] of Object.entries(systems)) {
      const count = quick ? Math.min(2, sessions[name]) : sessions[name];
      const spent = await timed(() => oneByOne(driver, `turns-${name}-${round}`, count));
      ms[name].push(spent / count / TURNS);
    }
  }
  const row = (id, than, limits, ours, theirs) => ({
    id,
    what: `ms per turn, ${TURNS} tool turns, 2 kB results: Holdfast ÷ ${than}`,
    unit: 'x',
    ...limits,
    ...ratios(ms[ours], ms[theirs]),
    detail: `${median(ms[ours]).toFixed(1)} ÷ ${median(ms[theirs]).toFixed(1)} ms`,
  });
  const agents = '@temporalio/openai-agents, stock server';
  const ownActivity = 'hand-written, same tuned server; the tool an activity of its own in both';
  return [
    row('turn-vs-hand-tuned', 'hand-written, same tuned server', { must: 0.8, aim: 0.5 }, 'holdfast', 'handTuned'),
    row('turn-vs-hand-stock', 'hand-written, stock server', {}, 'holdfast', 'handStock'),
    row('turn-vs-agents-stock', agents, { must: 1 / 5, aim: 1 / 8 }, 'holdfast', 'agentsStock'),
    row('turn-activity-tools', ownActivity, {}, 'activityTools', 'handTuned'),
  ];
}

async function oneByOne(driver, id, count) {
  for (let at = 0; at < count; at++) {
    const run = await driver.start(`${id}-${at}`, modelFor(TURNS));
    await run.result();
  }
}
