import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../protocol/failures';
import type { Context } from './context';
import { approvalKeyFor, type Link, openLink } from './link';
import type { LocalCluster } from './local-cluster';
import { homeServer, placeOf } from './place';
import { lastLook, noteWatcher } from './watchers';

/** Running calls of a one-shot run may take this long to end when it is left. */
const GRACE_MS = 10_000;
const WORKER_WAIT_MS = 3_000;
const RECONNECT_MS = 500;
const LEVEL = { usual: 'warn', verbose: 'info,core=warn,worker=warn' } as const;

/** Whoever carries runs on: a cluster, a running `holdfast dev`, or a server and a worker in this process. */
export class Carrier {
  private constructor(
    private readonly context: Context,
    /** Replaced when the server had to be found anew. */
    private current: Link,
    private local: LocalCluster | undefined,
    /** Of whoever only watches, who starts no server that went away: takes the note of that away. */
    private readonly leave?: () => void,
  ) {}

  /** For whoever only watches this run or plan: nothing is started. */
  static follower(context: Context, link: Link, id: string): Carrier {
    return new Carrier(context, link, undefined, noteWatcher(context.home, id));
  }

  /** @param worker whether runs must be carried on while this is open, not only accepted. */
  static async open(context: Context, worker: boolean): Promise<Carrier> {
    const running = await runningLink(context);
    if (running && (running.place.kind === 'cluster' || !worker || (await workerPolls(running)))) {
      return new Carrier(context, running, undefined);
    }
    await running?.close();
    const local = await startLocal(context, worker);
    return new Carrier(context, await openLink(local.place, approvalKeyFor(context)), local);
  }

  get link(): Link {
    return this.current;
  }

  /** True when runs stop being carried on as soon as this is closed. */
  get here(): boolean {
    return this.local !== undefined;
  }

  /** Whether runs are carried on when nobody follows them. */
  get carriesOn(): boolean {
    return this.local === undefined || !this.local.owned;
  }

  /** Known at once, where the client would go on trying for a while: the server of this home went away. */
  get gone(): boolean {
    return !this.local && this.current.place.kind === 'home' && !homeServer(this.context);
  }

  /**
   * After the connection was lost: waits a moment, and where the server of this home went away with the command that had
   * started it, starts it here.
   */
  async recover(): Promise<void> {
    await sleep(RECONNECT_MS);
    if (this.leave || !this.gone) return;
    this.context.out.say('The server was stopped; carrying on here.');
    this.local = await startLocal(this.context, true);
    const lost = this.current;
    this.current = await openLink(this.local.place, approvalKeyFor(this.context));
    await lost.close();
  }

  /** After a run that was carried here has ended: who watches it sees that too, before the server goes with this process. */
  async seen(id: string): Promise<void> {
    if (this.local?.owned) await lastLook(this.context.home, id);
  }

  async close(): Promise<void> {
    await this.current.close();
    this.leave?.();
    if (!this.local) return;
    this.context.out.phase('stopping');
    await this.local.supervisor.stop();
    this.context.out.phase('stopped');
  }
}

async function startLocal(context: Context, worker: boolean): Promise<LocalCluster> {
  const { openLocal } = require('./local-cluster') as typeof import('./local-cluster');
  const level = context.out.verbose ? LEVEL.verbose : LEVEL.usual;
  return openLocal(context, { level, graceMs: GRACE_MS, worker });
}

/** A server of this home that does not answer is about to come or go; whoever starts one waits for it. */
async function runningLink(context: Context): Promise<Link | undefined> {
  const place = placeOf(context);
  if (!place) return undefined;
  try {
    return await openLink(place, approvalKeyFor(context));
  } catch (error) {
    if (place.kind === 'home' && HoldfastError.is(error) && error.code === 'Server.Unreachable') return undefined;
    throw error;
  }
}

/** An embedded server forgets its pollers with itself, so whoever is named polls; a worker may still be starting. */
async function workerPolls(link: Link): Promise<boolean> {
  const deadline = performance.now() + WORKER_WAIT_MS;
  do {
    if ((await pollers(link)).length > 0) return true;
    await sleep(100);
  } while (performance.now() < deadline);
  return false;
}

export interface Poller {
  identity: string;
  /** Milliseconds since epoch. */
  lastSeen: number;
}

/** Who asks for the work of runs; a cluster still names those that went away in the last minutes. */
export async function pollers({ holdfast, place }: Link): Promise<Poller[]> {
  const { workflowService } = holdfast.temporal;
  const WORKFLOW_TASKS = 1;
  const answer = await workflowService.describeTaskQueue({
    namespace: place.namespace,
    taskQueue: { name: place.taskQueue },
    taskQueueType: WORKFLOW_TASKS,
  });
  return (answer.pollers ?? []).map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    lastSeen: Number(lastAccessTime?.seconds ?? 0) * 1_000,
  }));
}
