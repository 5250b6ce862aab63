import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';
import type { LedgerEntry } from './ledger';
import type { WorkerHandle } from './worker-handle';

export type FaultKind = 'worker' | 'server' | 'both';

export interface Fault {
  kind: FaultKind;
  at: number;
  /** The workers that were killed. */
  pids: number[];
}

export interface FirePlan {
  queue: string;
  faults: number;
  workers: number;
  random: () => number;
  /** Milliseconds between two faults, on average, and at least. */
  pace: number;
  /**
   * Calls that must have begun between two faults, however long that takes (30 s at most). On a machine that is busy with something else, faults at
   * a fixed pace leave no time to do anything but recover.
   */
  calls: number;
  /** Workflow tasks a worker works on at once. */
  tasks: number;
  /** Told after each fault. */
  onFault?: (faults: readonly Fault[]) => void;
}

/** Of the faults: the server, and the server with one worker at once; the others are a worker. */
const SERVER_SHARE = 0.13;
const BOTH_SHARE = 0.02;
const LONGEST_WAIT_MS = 30_000;

/** Workers of one queue that are killed at random, and the server with them. Workers come back at once, the server as fast as it can. */
export class RandomKills {
  readonly faults: Fault[] = [];
  /** Workers that did not survive something that was not aimed at them. */
  endedUnasked = 0;
  private readonly slots: (WorkerHandle | undefined)[] = [];
  private readonly starting: Promise<void>[] = [];

  constructor(
    private readonly cluster: Cluster,
    private readonly plan: FirePlan,
  ) {}

  /** Resolves once there were enough and all workers are there again. */
  async fire(): Promise<void> {
    const { faults, workers, random, pace, calls, onFault } = this.plan;
    this.slots.push(...(await Promise.all(Array.from({ length: workers }, () => this.start()))));
    while (this.faults.length < faults) {
      const from = Date.now();
      await sleep(pace * (0.2 + random() * 1.6));
      await this.progress(calls, from);
      // Somebody must be left to work, or nothing is under way that could be lost.
      while (this.slots.filter(Boolean).length < Math.min(2, workers)) await sleep(50);
      await this.strike(random(), Math.floor(random() * workers));
      onFault?.(this.faults);
    }
    await Promise.all(this.starting);
  }

  private async progress(calls: number, from: number): Promise<void> {
    const begun = () => this.cluster.ledger.entries().filter(({ phase, at }) => phase === 'begun' && at >= from).length;
    while (begun() < calls && Date.now() - from < LONGEST_WAIT_MS) await sleep(500);
  }

  private async strike(dice: number, slot: number): Promise<void> {
    if (dice < SERVER_SHARE) {
      this.note('server', []);
      await this.cluster.killServer();
      return this.cluster.serverUp();
    }
    const victim = this.slots[slot];
    if (!victim) return; // still starting
    this.slots[slot] = undefined;
    if (!victim.alive) this.endedUnasked += 1;
    const both = dice < SERVER_SHARE + BOTH_SHARE;
    this.note(both ? 'both' : 'worker', [victim.pid]);
    await Promise.all([victim.kill(), both && this.cluster.killServer()]);
    if (both) await this.cluster.serverUp();
    this.replace(slot);
  }

  private note(kind: FaultKind, pids: number[]): void {
    this.faults.push({ kind, at: Date.now(), pids });
  }

  private start(): Promise<WorkerHandle> {
    return this.cluster.worker(this.cluster.settings(this.plan.queue, { tasks: this.plan.tasks }));
  }

  private replace(slot: number): void {
    const replacement = this.start().then((worker) => {
      this.slots[slot] = worker;
    });
    replacement.catch(() => undefined); // heard at the end
    this.starting.push(replacement);
  }
}

/** From a worker's death to the next beginning of each call it was in; from the server's to the next call of anyone. */
export function recoveries(faults: readonly Fault[], ledger: readonly LedgerEntry[]): number[] {
  const begun = ledger.filter(({ phase }) => phase === 'begun');
  const byCall = grouped(begun, ({ session, key }) => `${session} ${key}`);
  const byProcess = grouped(begun, ({ pid }) => pid);
  const ends = grouped(
    ledger.filter(({ phase }) => phase === 'ended'),
    attemptOf,
  );
  return faults.flatMap(({ kind, at, pids }) => {
    if (kind === 'server') return since(begun, at);
    const own = pids.flatMap((pid) => byProcess.get(pid) ?? []).filter((entry) => entry.at <= at);
    const open = own.filter((entry) => !ends.get(attemptOf(entry))?.some((end) => end.at <= at));
    return open.flatMap(({ session, key }) => since(byCall.get(`${session} ${key}`) ?? [], at));
  });
}

function since(entries: readonly LedgerEntry[], from: number): number[] {
  const next = entries.find(({ at }) => at >= from);
  return next ? [next.at - from] : [];
}

function attemptOf({ session, key, attempt, pid }: LedgerEntry): string {
  return `${session} ${key} ${attempt} ${pid}`;
}

function grouped<Key>(entries: readonly LedgerEntry[], by: (entry: LedgerEntry) => Key): Map<Key, LedgerEntry[]> {
  const groups = new Map<Key, LedgerEntry[]>();
  for (const entry of entries) {
    const group = groups.get(by(entry));
    if (group) group.push(entry);
    else groups.set(by(entry), [entry]);
  }
  return groups;
}
