import { HoldfastClient } from '../../../client';
import { chatUnderFire } from './chat-lane';
import { check, type Expected, type Finding, type Verdict } from './checker';
import type { Cluster } from './cluster';
import { gather, STANDARD } from './evidence';
import { closeSchedule, openSchedule } from './schedule-lane';

export interface WaveOptions {
  queue: string;
  sessions: number;
  chats: number;
  /** Messages of each chat. */
  messages: number;
  /** Seconds between two starts of the wave's one schedule. */
  every: number;
  random: () => number;
}

export interface Wave {
  verdicts: Verdict[];
  findings: Finding[];
  /** Sessions the schedule started. */
  scheduled: number;
}

/** Sessions, chats and a schedule at once, through whatever is done to them meanwhile; each is looked into at its end. */
export async function wave(
  cluster: Cluster,
  id: string,
  { queue, sessions, chats, messages, every, random }: WaveOptions,
  expected: Expected,
  trouble: () => Promise<void>,
): Promise<Wave> {
  const schedule = `${id}-timed`;
  await openSchedule(cluster, schedule, queue, every);
  const ran = Array.from({ length: sessions }, async (_, index): Promise<Verdict> => {
    const session = `${id}-run-${index}`;
    await cluster.startSession(session, queue, STANDARD.plan, STANDARD.options);
    return check(await gather(cluster, session, await cluster.result(session)), expected);
  });
  const talked = Array.from({ length: chats }, (_, index) =>
    chatUnderFire(cluster, `${id}-chat-${index}`, queue, { messages, random }),
  );
  const [verdicts] = await Promise.all([Promise.all([...ran, ...talked]), trouble()]);
  const { taken, findings, verdicts: timed } = await closeSchedule(cluster, schedule, queue, every, expected);
  await cluster.whenUp(() => new HoldfastClient(cluster.client).schedules.delete(schedule));
  return { verdicts: [...verdicts, ...timed], findings, scheduled: taken };
}

/** Resolves once so many calls have begun since then, as the ledger has it. */
export async function busy(cluster: Cluster, calls: number, since = Date.now()): Promise<void> {
  for (const deadline = Date.now() + cluster.patienceMs; ; ) {
    const begun = cluster.ledger.entries().filter(({ phase, at }) => phase === 'begun' && at >= since);
    if (begun.length >= calls) return;
    if (Date.now() > deadline) throw new Error(`only ${begun.length} calls began in ${cluster.patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
