import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastClient } from '../../client';
import { AGENT } from './support/agents';
import { Cluster } from './support/cluster';
import { LONG } from './support/points';
import { survivors } from './support/processes';
import { say } from './support/report';

/** G7: a chat of ten thousand messages loses none, answers all in order, and its worker's memory does not grow with it. */

const MESSAGES = LONG ? 10_000 : 200;
/** Enough that there is always a next one: each looks for its reply from time to time. */
const AT_ONCE = LONG ? 16 : 4;
const MINUTES = 60_000;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

test(
  `${MESSAGES} messages, a few at a time`,
  async () => {
    const worker = await cluster.worker(cluster.settings('long-chat', { unwatched: true }));
    const rss: number[] = [];
    let over = false;
    const watching = (async () => {
      for (; !over; await sleep(500)) rss.push(await worker.rss());
    })();
    const holdfast = new HoldfastClient(cluster.client, { taskQueue: 'long-chat' });
    // In the short version the history is too short for the server to suggest a roll-over.
    const chat = holdfast.chat(AGENT, { id: 'long-chat', ...(!LONG && { rolloverTurns: 60 }) });
    const startedAt = Date.now();
    await (await chat.send(JSON.stringify({ script: 'chat', hashed: false }), { id: 'm-0' })).reply();
    let next = 1;
    const wrong: string[] = [];
    const lane = async (): Promise<void> => {
      for (let at = next++; at <= MESSAGES; at = next++) {
        const { output } = await (await chat.send(`m-${at}`, { id: `m-${at}` })).reply();
        if (!String(output).startsWith(`heard m-${at} `)) wrong.push(`m-${at}: ${JSON.stringify(output)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    over = true;
    await watching;
    await chat.close();
    const result = await chat.result();
    expect(wrong).toEqual([]);
    expect(result).toMatchObject({ stopReason: 'closed', exchanges: MESSAGES + 1, turns: 2 * (MESSAGES + 1) });
    const part = (from: number, to: number) => {
      const some = rss.slice(Math.floor(rss.length * from), Math.ceil(rss.length * to));
      return some.reduce((sum, bytes) => sum + bytes, 0) / some.length / 1e6;
    };
    const [early, late] = [part(0.25, 0.5), part(0.75, 1)];
    const perMessage = (Date.now() - startedAt) / MESSAGES;
    say(
      `a chat of ${MESSAGES} messages, each with a tool call: ${perMessage.toFixed(0)} ms a message; worker memory ` +
        `${Math.round(early)} MB in the second quarter, ${Math.round(late)} MB in the last`,
    );
    if (LONG) expect(late).toBeLessThan(early * 1.3);
  },
  60 * MINUTES,
);
