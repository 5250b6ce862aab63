import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastClient } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import { AGENT } from './agents';
import { check, type Expected, type Finding, type Verdict } from './checker';
import type { Cluster } from './cluster';
import { gather, STANDARD } from './evidence';

/** The list of runs and the schedule's own count lag behind each other. */
const SETTLED_MS = 60_000;
/** Runs that are looked into at once. */
const AT_ONCE = 4;

export interface ScheduleStory {
  /** Starts the server says it made. */
  taken: number;
  /** About the schedule itself. */
  findings: Finding[];
  /** One a run. */
  verdicts: Verdict[];
}

/** A schedule that starts the standard session every so many seconds, and is owed every one of its times. */
export async function openSchedule(cluster: Cluster, id: string, queue: string, seconds: number): Promise<void> {
  const { schedules } = clientOf(cluster, queue);
  const action = { agent: AGENT, input: STANDARD.plan, ...STANDARD.options };
  const times = { every: `${seconds}s`, overlap: 'allow-all', catchupWindow: '1h' } as const;
  await cluster.whenUp(() => schedules.create(id, action, times).catch(unlessMade));
}

/**
 * Pauses it and looks into all it did: as many sessions as starts the server counts, none of them started twice, none of its
 * times left out, and each ended like the undisturbed one.
 */
export async function closeSchedule(
  cluster: Cluster,
  id: string,
  queue: string,
  seconds: number,
  expected: Expected,
): Promise<ScheduleStory> {
  const { schedules } = clientOf(cluster, queue);
  await cluster.whenUp(() => schedules.pause(id, 'the campaign is over'));
  const findings: Finding[] = [];
  const { taken, starts } = await settled(cluster, id, queue);
  const { counts } = await cluster.whenUp(() => schedules.describe(id));
  const report = (what: Finding['what'], detail: string) => findings.push({ session: id, what, detail });
  if (starts.size !== taken) report('lost', `the server counts ${taken} starts, there are ${starts.size} sessions`);
  if (counts.missed + counts.skipped > 0) report('lost', `missed ${counts.missed}, skipped ${counts.skipped}`);
  for (const [session, first] of starts) {
    if (first.size !== 1) report('started twice', `${session}: first runs ${[...first].join(', ')}`);
  }
  for (const gap of gapsIn([...starts.keys()], id, seconds)) report('lost', `nothing started between ${gap}`);
  const verdicts: Verdict[] = [];
  const waiting = [...starts.keys()];
  const lane = async (): Promise<void> => {
    for (let session = waiting.shift(); session !== undefined; session = waiting.shift()) {
      const result = await cluster.result(session).catch(() => undefined);
      verdicts.push(check(await gather(cluster, session, result), expected));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { taken, findings, verdicts };
}

/** What the server counts and lists once both agree. */
async function settled(cluster: Cluster, id: string, queue: string) {
  const { schedules } = clientOf(cluster, queue);
  for (const until = Date.now() + SETTLED_MS; ; await sleep(500)) {
    const before = await cluster.whenUp(() => schedules.describe(id));
    const starts = await cluster.whenUp(() => startsOf(cluster, id));
    const after = await cluster.whenUp(() => schedules.describe(id));
    const { taken } = after.counts;
    if ((taken === before.counts.taken && starts.size === taken) || Date.now() > until) return { taken, starts };
  }
}

/** Sessions the schedule started, each with the first runs it has: more than one means that it was started twice. */
async function startsOf(cluster: Cluster, id: string): Promise<Map<string, Set<string>>> {
  const starts = new Map<string, Set<string>>();
  const { workflow } = cluster.client;
  for await (const { workflowId, runId } of workflow.list({ query: `TemporalScheduledById = "${id}"` })) {
    const { raw } = await workflow.getHandle(workflowId, runId).describe();
    const first = starts.get(workflowId) ?? new Set();
    starts.set(workflowId, first.add(raw.workflowExecutionInfo?.firstRunId || runId));
  }
  return starts;
}

/** The time a run was due is in its id. */
function gapsIn(sessions: readonly string[], id: string, seconds: number): string[] {
  const times = sessions.map((session) => Date.parse(session.slice(id.length + 1))).sort((a, b) => a - b);
  return times.slice(1).flatMap((time, index) => {
    const before = times[index] ?? time;
    return time - before === seconds * 1_000
      ? []
      : [`${new Date(before).toISOString()} and ${new Date(time).toISOString()}`];
  });
}

function clientOf(cluster: Cluster, taskQueue: string): HoldfastClient {
  return new HoldfastClient(cluster.client, { taskQueue, by: 'chaos' });
}

/** After a lost answer it is made again, and exists then. */
function unlessMade(error: unknown): void {
  if (!HoldfastError.is(error) || error.code !== 'Schedule.Exists') throw error;
}
