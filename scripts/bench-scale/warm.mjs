import { modelFor, PROMPT } from '../../bench/task.mjs';
import { middle, now } from './figures.mjs';

const WARM_UP = 5;

/** From the client's call to the provider's first request: a session that is started, against one that has waited in a pool. */
export async function warmAndCold(stand, { quick }) {
  const samples = quick ? 5 : 60;
  const running = await stand.start('holdfast', 'tuned');
  const { holdfast } = running.driver;
  const model = `openai/${modelFor(0)}`;
  const pool = holdfast.pool('clerk', { size: 4, model });
  const times = { cold: [], pooled: [], taken: [] };
  const timed = async (into, send) => {
    await stand.vendor.take();
    const startedAt = now();
    const sent = await send();
    await sent.reply();
    times[into].push((await stand.vendor.take())[0] - startedAt);
  };
  for (let at = 0; at < samples + WARM_UP; at++) {
    await timed('cold', () => holdfast.chat('clerk', { id: `cold-${at}`, model }).send(PROMPT));
    await full(pool);
    await timed('pooled', async () => (await pool.send(PROMPT)).sent);
    await full(pool);
    const chat = await pool.take();
    await full(pool);
    await timed('taken', () => chat.send(PROMPT));
  }
  const { taken, cold } = await pool.state();
  await pool.close();
  const row = (what, values) => [what, middle(values.slice(WARM_UP))];
  return {
    title: `First message → first provider request, ${samples} each, one after the other; ${taken} taken, ${cold} of them cold`,
    head: ['Session', 'p50 (middle half)'],
    rows: [
      row('started by its first message', times.cold),
      row('taken from the pool, then sent to', times.pooled),
      row('taken from the pool before; only sent to', times.taken),
    ],
  };
}

/** The pool has replaced what was taken. */
async function full(pool) {
  for (;;) {
    const state = await pool.state().catch(() => undefined);
    if (!state || state.ready.length >= state.size) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
