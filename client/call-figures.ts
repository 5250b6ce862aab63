import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow';
import type { Usage } from '../protocol/usage';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

/** What the history knows of the call that made a message, besides the message. */
export interface CallFigures {
  startedAt: Date;
  /** From the last attempt's start to its end. */
  ms: number;
  /** 1 when the first one succeeded. */
  attempts: number;
  /** Of a model call. */
  model?: string;
  usage?: Usage;
  /** Of a model call; null when its price was unknown. */
  costUsd?: number | null;
}

/** What activities of ours answer, as far as it is read here. */
interface Answer {
  mark?: string;
  message?: { mark?: string };
  model?: string;
  usage?: Usage;
  costUsd?: number | null;
}

/** Figures by the mark of the message, over all Temporal runs of the session that the server still keeps. */
export async function callFigures(client: Client, id: string): Promise<Map<string, CallFigures>> {
  const figures = new Map<string, CallFigures>();
  for (let runId: string | undefined = ''; runId !== undefined; ) {
    const events: HistoryEvent[] = await eventsOf(client, id, runId);
    await readEvents(client, events, figures);
    runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return figures;
}

/** Earlier Temporal runs go when their time is over; the latest one, of no run id, must be there. */
async function eventsOf({ workflow }: Client, id: string, runId: string): Promise<HistoryEvent[]> {
  try {
    const { events } = await workflow.getHandle(id, runId || undefined).fetchHistory();
    return events ?? [];
  } catch (error) {
    if (runId === '' || (error as Error).name !== 'WorkflowNotFoundError') throw error;
    return [];
  }
}

async function readEvents(client: Client, events: HistoryEvent[], figures: Map<string, CallFigures>): Promise<void> {
  const started = new Map<string, HistoryEvent>();
  for (const event of events) {
    const begun = event.activityTaskStartedEventAttributes?.scheduledEventId;
    if (begun != null) started.set(String(begun), event);
    const done = event.activityTaskCompletedEventAttributes;
    const start = started.get(String(done?.scheduledEventId));
    if (!done || !start) continue;
    const answer = await answerOf(client, done.result?.payloads ?? []);
    const mark = answer?.message?.mark ?? answer?.mark;
    if (answer && mark !== undefined) figures.set(mark, figuresOf(answer, start, event));
  }
}

function figuresOf({ model, usage, costUsd }: Answer, start: HistoryEvent, end: HistoryEvent): CallFigures {
  const startedAt = timeOf(start);
  return {
    startedAt: new Date(startedAt),
    ms: timeOf(end) - startedAt,
    attempts: start.activityTaskStartedEventAttributes?.attempt ?? 1,
    ...(usage && { usage, ...(model !== undefined && { model }), ...(costUsd !== undefined && { costUsd }) }),
  };
}

/** Undefined for what is none of ours: a user's own activity may answer anything, encoded in any way. */
async function answerOf({ options }: Client, payloads: Payload[]): Promise<Answer | undefined> {
  try {
    const answer: unknown = await decodeFromPayloadsAtIndex(options.loadedDataConverter, 0, payloads);
    return typeof answer === 'object' && answer !== null ? (answer as Answer) : undefined;
  } catch {
    return undefined;
  }
}

function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1_000 + Math.floor((eventTime?.nanos ?? 0) / 1e6);
}
