import { modelFor } from '../task.mjs';
import { median, ratios, timed } from './statistics.mjs';

/** e. One workflow starts many child sessions of one model call each and waits for all. */
export async function childSessions(stand, { quick }) {
  const [rounds, count] = quick ? [1, 50] : [3, 200];
  const holdfast = await stand.start('holdfast', 'tuned', { variant: 'user-workflows' });
  const hand = await stand.start('hand-written', 'stock');
  const ms = { holdfast: [], hand: [] };
  for (const { driver, name } of [holdfast, hand]) await driver.fanOut(`warm-fan-out-${name}`, 5, modelFor(0));
  for (let round = 0; round < rounds; round++) {
    ms.holdfast.push(await timed(() => holdfast.driver.fanOut(`fan-out-holdfast-${round}`, count, modelFor(0))));
    ms.hand.push(await timed(() => hand.driver.fanOut(`fan-out-hand-${round}`, count, modelFor(0))));
  }
  return [
    {
      id: 'children-vs-hand-stock',
      what: `time of ${count} one-call child sessions: Holdfast ÷ hand-written children, stock server`,
      unit: 'x',
      must: 1 / 4,
      aim: 1 / 10,
      ...ratios(ms.holdfast, ms.hand),
      detail: `${(median(ms.holdfast) / 1_000).toFixed(1)} ÷ ${(median(ms.hand) / 1_000).toFixed(1)} s`,
    },
  ];
}
