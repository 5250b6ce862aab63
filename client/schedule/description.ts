import type {
  Client,
  ScheduleDescription as TemporalDescription,
  ScheduleSummary as TemporalSummary,
} from '@temporalio/client';
import { SEARCH_ATTRIBUTE, WORKFLOW } from '../../protocol/names';
import type { Overlap, ScheduleTimes } from '../../protocol/schedule';
import type { SessionInput } from '../../protocol/session';
import { remarksOn } from './remarks';
import { type ScheduledRun, scheduledRuns } from './scheduled-runs';
import { calendarsOf, fromOverlap, fromSpec } from './spec';
import { timesInWords } from './words';

/** In the memo of a schedule: who made it. */
export const CREATOR_MEMO = 'holdfastCreatedBy';

/** A schedule in a list. */
export interface ScheduleSummary {
  id: string;
  /** Whose runs it starts; null for a user's own workflow. */
  agent: string | null;
  /** The type of the workflow it starts. */
  workflow: string;
  times: ScheduleTimes;
  /** The same as a sentence. */
  words: string;
  paused: boolean;
  /** Who did the last thing to it, and why; the server writes here too, when it pauses after a failure. */
  note: string | null;
  /** The next times, of a paused schedule those that would be. */
  next: Date[];
}

/** All that is known of a schedule. */
export interface ScheduleDescription extends ScheduleSummary {
  createdBy: string | null;
  createdAt: Date;
  updatedAt: Date | null;
  taskQueue: string;
  /** What each run of an agent is given; null for a user's own workflow. */
  session: SessionInput | null;
  /** Arguments of a user's own workflow. */
  args: unknown[];
  overlap: Overlap;
  /** Milliseconds. */
  catchupWindow: number;
  pauseOnFailure: boolean;
  /** Starts left; null without a limit. */
  remainingRuns: number | null;
  /** The latest, newest first, at most 10. */
  recent: ScheduledRun[];
  /** Ids of those that go on now. */
  running: string[];
  counts: {
    /** Runs started, by triggers and backfills too. */
    taken: number;
    /** Starts left out because they were late by more than the catch-up window. */
    missed: number;
    /** Starts left out because the run before went on. */
    skipped: number;
    /** Starts that wait for the end of a run. */
    buffered: number;
    /** Starts left out because too many waited already; the server keeps 1000. */
    dropped: number;
  };
  memo: Record<string, unknown>;
  /** What someone who looks at it should know. */
  remarks: string[];
}

const NEXT = 5;

export function summaryOfSchedule(found: TemporalSummary): ScheduleSummary {
  const { scheduleId, spec = {}, action, searchAttributes, state, info } = found;
  const workflow = action?.workflowType ?? '';
  return {
    id: scheduleId,
    agent: agentIn(searchAttributes),
    workflow,
    ...whenOf(spec),
    paused: state.paused,
    note: state.note || null,
    next: info.nextActionTimes.slice(0, NEXT),
  };
}

export async function descriptionOf(client: Client, found: TemporalDescription): Promise<ScheduleDescription> {
  const { scheduleId, spec, action, policies, state, info, memo = {}, raw } = found;
  const [first] = action.args ?? [];
  const session = action.workflowType === WORKFLOW.agentSession ? (first as SessionInput) : null;
  const recent = await scheduledRuns(client, info.recentActions);
  const { [CREATOR_MEMO]: createdBy, ...ownMemo } = memo;
  const description = {
    id: scheduleId,
    agent: session?.agent ?? null,
    workflow: action.workflowType,
    ...whenOf(spec),
    paused: state.paused,
    note: state.note || null,
    next: info.nextActionTimes.slice(0, NEXT),
    createdBy: typeof createdBy === 'string' ? createdBy : null,
    createdAt: info.createdAt,
    updatedAt: info.lastUpdatedAt ?? null,
    taskQueue: action.taskQueue,
    session,
    args: session ? [] : [...(action.args ?? [])],
    overlap: fromOverlap(policies.overlap),
    catchupWindow: policies.catchupWindow,
    pauseOnFailure: policies.pauseOnFailure,
    remainingRuns: state.remainingActions ?? null,
    recent,
    running: runningIds(found, recent),
    counts: {
      taken: info.numActionsTaken,
      missed: info.numActionsMissedCatchupWindow,
      skipped: info.numActionsSkippedOverlap,
      buffered: Number(raw.info?.bufferSize ?? 0),
      dropped: Number(raw.info?.bufferDropped ?? 0),
    },
    memo: ownMemo,
  };
  return { ...description, remarks: remarksOn(description) };
}

function whenOf(spec: TemporalDescription['spec']): Pick<ScheduleSummary, 'times' | 'words'> {
  const times = fromSpec(spec);
  const { cron: _, ...rest } = times;
  return { times, words: timesInWords({ ...rest, calendar: calendarsOf(spec) }) };
}

/** The server follows runs under most overlap policies only; the latest are asked themselves. */
function runningIds({ info }: TemporalDescription, recent: readonly ScheduledRun[]): string[] {
  const over = new Set(recent.filter(({ status }) => status !== 'running').map(({ id }) => id));
  const followed = info.runningActions.map(({ workflow }) => workflow.workflowId).filter((id) => !over.has(id));
  const asked = recent.filter(({ status }) => ['running', 'paused', 'idle'].includes(status)).map(({ id }) => id);
  return [...new Set([...followed, ...asked])];
}

function agentIn(attributes: TemporalSummary['searchAttributes']): string | null {
  const [agent] = (attributes?.[SEARCH_ATTRIBUTE.agent.name] ?? []) as unknown[];
  return typeof agent === 'string' ? agent : null;
}
