import { setTimeout as sleep } from 'node:timers/promises';
import { check, type Expected, type Verdict } from './checker';
import type { Cluster } from './cluster';
import { gather, STANDARD } from './evidence';
import type { Crossing } from './failpoints';
import type { LedgerEntry } from './ledger';
import type { WorkerHandle } from './worker-handle';

/** What came of killing something at one place, or at several places of one session. */
export interface Struck {
  session: string;
  /** Where something was killed. */
  hit: Crossing[];
  /** Places the session did not come by this time. */
  missed: Crossing[];
  verdict: Verdict;
  /** Milliseconds from each kill to the session's next call at the ledger; kills after the last call have none. */
  recoveryMs: number[];
}

/** The result is there a moment before the worker has crossed its last boundaries. */
const LAST_CROSSINGS_MS = 300;
const TRIES = 3;

/** Kills a worker at each place, one session each, on several queues at once. */
export async function sweepWorkers(
  cluster: Cluster,
  points: readonly Crossing[],
  expected: Expected,
  lanes: number,
  work = STANDARD,
): Promise<Struck[]> {
  const waiting = [...points];
  const struck: Struck[] = [];
  const lane = async (_: unknown, index: number): Promise<void> => {
    const queue = `lane-${index}`;
    const workers = new Relay(cluster, queue);
    for (let point = waiting.shift(); point; point = waiting.shift()) {
      struck.push(await strikeWorker(cluster, workers, point, expected, work));
    }
    await workers.stop();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return struck;
}

/** Workers of one queue, one at a time. Its start costs no recovery time: a death is noticed later than it takes. */
export class Relay {
  private current: WorkerHandle | undefined;

  constructor(
    private readonly cluster: Cluster,
    readonly queue: string,
  ) {}

  async worker(): Promise<WorkerHandle> {
    if (!this.current?.alive) this.current = await this.cluster.worker(this.cluster.settings(this.queue));
    return this.current;
  }

  async stop(): Promise<void> {
    await this.current?.kill();
  }
}

async function strikeWorker(
  cluster: Cluster,
  workers: Relay,
  point: Crossing,
  expected: Expected,
  { plan, options }: typeof STANDARD,
): Promise<Struck> {
  for (let attempt = 1; ; attempt++) {
    const session = `${workers.queue}-${point.key.replace(/[^a-zA-Z0-9]+/g, '-')}${attempt}`;
    const victim = await workers.worker();
    await victim.arm([{ session, key: point.key, kill: 'worker' }]);
    await cluster.startSession(session, workers.queue, plan, options);
    const ended = cluster.result(session);
    const died = victim.exited.then(() => Date.now());
    const killedAt = await Promise.race([died, ended.then(() => disarmed(victim, died))]);
    await workers.worker();
    const result = await ended.catch(() => undefined);
    if (killedAt === undefined && attempt < TRIES) continue;
    const evidence = await gather(cluster, session, result);
    return {
      session,
      hit: killedAt === undefined ? [] : [point],
      missed: killedAt === undefined ? [point] : [],
      verdict: check(evidence, expected),
      recoveryMs: recoveries(evidence.ledger, killedAt === undefined ? [] : [killedAt]),
    };
  }
}

/** Takes the failpoint away once the session is over; tells when the worker died, if it did after all. */
async function disarmed(victim: WorkerHandle, died: Promise<number>): Promise<number | undefined> {
  await sleep(LAST_CROSSINGS_MS);
  return victim.arm([]).then(
    () => undefined,
    () => died,
  );
}

/** Kills the server at each place: several in one session, far apart, so that it also dies while still recovering. */
export async function sweepServer(
  cluster: Cluster,
  points: readonly Crossing[],
  expected: Expected,
  killsPerSession: number,
  work = STANDARD,
  name = 'server',
): Promise<Struck[]> {
  const worker = await cluster.worker(cluster.settings('server-sweep'));
  const sessions = Math.ceil(points.length / killsPerSession);
  const struck: Struck[] = [];
  let missed: Crossing[] = [];
  for (let index = 0; index < sessions; index++) {
    const mine = points.filter((_, at) => at % sessions === index);
    const one = await strikeServer(cluster, worker, mine, expected, `${name}-${index}`, work);
    missed.push(...one.missed);
    struck.push({ ...one, missed: [] });
  }
  // An earlier kill of the same session may have led it around a place: those are tried alone.
  for (let attempt = 1; missed.length > 0 && attempt < TRIES; attempt++) {
    const again = missed;
    missed = [];
    for (const [index, point] of again.entries()) {
      const one = await strikeServer(cluster, worker, [point], expected, `${name}-again-${attempt}-${index}`, work);
      missed.push(...one.missed);
      struck.push({ ...one, missed: attempt === TRIES - 1 ? one.missed : [] });
    }
  }
  await worker.kill();
  return struck;
}

async function strikeServer(
  cluster: Cluster,
  worker: WorkerHandle,
  points: readonly Crossing[],
  expected: Expected,
  session: string,
  { plan, options }: typeof STANDARD,
): Promise<Struck> {
  const reached: string[] = [];
  const kills: number[] = [];
  await cluster.serverUp();
  await worker.arm(
    points.map(({ key }) => ({ session, key, kill: 'server' as const })),
    async (key) => {
      reached.push(key);
      await cluster.killServer();
      kills.push(Date.now());
    },
  );
  await cluster.startSession(session, 'server-sweep', plan, options);
  const result = await cluster.result(session).catch(() => undefined);
  const evidence = await gather(cluster, session, result);
  return {
    session,
    hit: points.filter(({ key }) => reached.includes(key)),
    missed: points.filter(({ key }) => !reached.includes(key)),
    verdict: check(evidence, expected),
    recoveryMs: recoveries(evidence.ledger, kills),
  };
}

export function recoveries(ledger: readonly LedgerEntry[], kills: readonly number[]): number[] {
  return kills.flatMap((killed) => {
    const next = ledger.find(({ phase, at }) => phase === 'begun' && at >= killed);
    return next ? [next.at - killed] : [];
  });
}
