import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { modelFor } from '../../bench/task.mjs';
import { ms, part, residentMb } from './figures.mjs';

const RUNGS = [10, 100, 300, 1_000];
const EVERY_MS = 10_000;
/** Workflows the worker keeps in its memory: fewer than there are chats from the second rung on. */
const CACHED = 60;

/** Live chats on one worker, each sent a message every ten seconds; a chat that is not answered by then is late, not skipped. */
export async function ladder(stand, { quick }) {
  const running = await stand.start('holdfast', 'tuned', { variant: `cache-${CACHED}` });
  const [pid] = running.pids();
  const { holdfast } = running.driver;
  const model = `openai/${modelFor(0)}`;
  const chats = [];
  const rows = [];
  for (const rung of quick ? [5, 20] : RUNGS) {
    while (chats.length < rung) chats.push(holdfast.chat('clerk', { id: `live-${chats.length}`, model }));
    const started = performance.now();
    const { sent, answered, took, late } = await talk(chats, quick ? 12 : 60);
    const seconds = (performance.now() - started) / 1_000;
    const live = chats.length;
    const row = [
      live,
      sent,
      sent - answered,
      `${(answered / seconds).toFixed(0)} (wanted ${(live / (EVERY_MS / 1_000)).toFixed(0)})`,
      ms(part(took, 0.5)),
      ms(part(took, 0.95)),
      late,
      `${residentMb(pid).toFixed(0)} MB`,
    ];
    console.error(row.join(' · '));
    rows.push(row);
  }
  return {
    title: `Live chats on one worker that keeps ${CACHED} in memory, each sent a message every ${EVERY_MS / 1_000} s for a minute`,
    head: ['chats', 'sent', 'lost', 'answered/s', 'send → answer p50', 'p95', 'rounds missed', 'worker memory'],
    rows,
  };
}

async function talk(chats, seconds) {
  const took = [];
  let sent = 0;
  let late = 0;
  const from = performance.now();
  const until = from + seconds * 1_000;
  const lane = async (chat, at) => {
    // Spread over the ten seconds, as people are.
    let next = from + (EVERY_MS * at) / chats.length;
    while (next < until) {
      await sleep(Math.max(0, next - performance.now()));
      const started = performance.now();
      sent++;
      if (await answered(chat, `How many pears, ${at}?`)) took.push(performance.now() - started);
      next += EVERY_MS;
      while (next < performance.now()) {
        next += EVERY_MS;
        late++;
      }
    }
  };
  await Promise.all(chats.map(lane));
  return { sent, answered: took.length, took, late };
}

const TRIES = 20;

/** Sends until it is taken and asks until it is answered, as a client does that a busy server lets wait. */
async function answered(chat, text) {
  const id = randomUUID();
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return (await (await chat.send(text, { id })).reply()).output !== null;
    } catch (error) {
      console.error(`${chat.id}: ${error.code ?? ''} ${error.message}`.slice(0, 200));
      await sleep(1_000);
    }
  }
  return false;
}
