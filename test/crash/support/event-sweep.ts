import { check, type Expected } from './checker';
import type { Cluster } from './cluster';
import { eventWritten, type Place } from './event-watch';
import { gather, type STANDARD } from './evidence';
import type { Kind } from './failpoints';
import { Relay, recoveries, type Struck } from './sweep';

/** What a kill at an event is told as: boundaries are named by the worker, events by the server. */
export interface StruckAtEvent extends Struck {
  place: Place;
  /** Whether something was killed; a run that took another way may have ended without the event. */
  killed: boolean;
}

/** A worker dies as soon as the history has the event: one session each, on several queues at once. */
export async function sweepWorkersByEvent(
  cluster: Cluster,
  places: readonly Place[],
  expected: Expected,
  lanes: number,
  work: typeof STANDARD,
): Promise<StruckAtEvent[]> {
  const waiting = [...places];
  const struck: StruckAtEvent[] = [];
  const lane = async (_: unknown, index: number): Promise<void> => {
    const workers = new Relay(cluster, `event-lane-${index}`);
    for (let place = waiting.shift(); place; place = waiting.shift()) {
      const kill = async () => {
        await (await workers.worker()).kill();
        // The next one takes over at once.
        await workers.worker();
      };
      await workers.worker();
      struck.push(await strike(cluster, 'worker', workers.queue, place, kill, expected, work));
    }
    await workers.stop();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return struck;
}

/** The server dies as soon as it has written the event, and comes back on its database file. */
export async function sweepServerByEvent(
  cluster: Cluster,
  places: readonly Place[],
  expected: Expected,
  work: typeof STANDARD,
): Promise<StruckAtEvent[]> {
  const worker = await cluster.worker(cluster.settings('event-server'));
  const struck: StruckAtEvent[] = [];
  for (const place of places) {
    await cluster.serverUp();
    const kill = () => cluster.killServer();
    struck.push(await strike(cluster, 'server', 'event-server', place, kill, expected, work));
  }
  await worker.kill();
  return struck;
}

async function strike(
  cluster: Cluster,
  who: 'worker' | 'server',
  queue: string,
  place: Place,
  kill: () => Promise<void>,
  expected: Expected,
  { plan, options }: typeof STANDARD,
): Promise<StruckAtEvent> {
  const session = `${who}-at-${place.of}-${place.eventId}`;
  await cluster.startSession(session, queue, plan, options);
  const killed = await eventWritten(cluster.client, session, place);
  const killedAt = Date.now();
  if (killed) await kill();
  const result = await cluster.result(session).catch(() => undefined);
  const evidence = await gather(cluster, session, result);
  const crossing = { session, kind: place.type as Kind, key: nameOf(place), at: killedAt };
  return {
    session,
    place,
    killed,
    hit: killed ? [crossing] : [],
    missed: killed ? [] : [crossing],
    verdict: check(evidence, expected),
    recoveryMs: killed ? recoveries(evidence.ledger, [killedAt]) : [],
  };
}

function nameOf({ of, eventId, type }: Place): string {
  return `${of} ${eventId} ${type}`;
}
