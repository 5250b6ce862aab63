import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { InvokeModelInput, InvokeModelResult, RunToolInput } from '../../../protocol/activities';
import type { ToolMessage } from '../../../protocol/messages';
import { WORKFLOW } from '../../../protocol/names';

type Event = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

/** A call whose result is in a history: it must not run again. */
export interface RecordedCall {
  kind: 'model' | 'tool';
  /** As in the ledger. */
  key: string;
  /** Milliseconds since epoch, by the server's clock. */
  at: number;
  /** The attempt whose result was taken; 0 where the history does not say. */
  attempt: number;
  outcome?: string;
}

/** What all Temporal runs of one session recorded. */
export interface SessionHistory {
  runs: number;
  /** Keys of calls that were ever scheduled. */
  scheduled: Set<string>;
  recorded: RecordedCall[];
  /** Calls given up after a timeout, whose outcome the workflow itself told. */
  timedOut: Set<string>;
  /** Encoded bytes of each event, with the turn it belongs to. */
  events: { bytes: number; turn: number; type: string }[];
}

export async function readHistory(client: Client, id: string): Promise<SessionHistory> {
  const history: SessionHistory = { runs: 0, scheduled: new Set(), recorded: [], timedOut: new Set(), events: [] };
  let runId: string | undefined = await firstRunOf(client, id);
  while (runId !== undefined) {
    const { events } = await client.workflow.getHandle(id, runId).fetchHistory();
    history.runs += 1;
    runId = readRun(events ?? [], history);
    for (const effect of effectsOf(events ?? [])) await readEffect(client, effect, history);
  }
  return history;
}

/** Ids of the workflows in which this run's `once` tools act. */
function effectsOf(events: Event[]): string[] {
  return events.flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: child }) =>
    child?.workflowType?.name === WORKFLOW.effect && child.workflowId ? [child.workflowId] : [],
  );
}

/** Its calls are the session's; its events are not. */
async function readEffect(
  client: Client,
  id: string,
  { scheduled, recorded, timedOut }: SessionHistory,
): Promise<void> {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  readRun(events ?? [], { runs: 1, scheduled, recorded, timedOut, events: [] });
}

async function firstRunOf(client: Client, id: string): Promise<string> {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  const first = events?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId;
  if (!first) throw new Error(`the history of ${id} does not name its first run`);
  return first;
}

/** Adds one run's events; gives the run it continued as, if it did. */
function readRun(events: Event[], history: SessionHistory): string | undefined {
  const calls = new Map<string, { type: string; input: unknown; attempt: number }>();
  let next: string | undefined;
  let turn = history.events.at(-1)?.turn ?? 0;
  for (const event of events) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const type = scheduled.activityType?.name ?? '';
      const input = decoded(scheduled.input);
      calls.set(String(event.eventId), { type, input, attempt: 0 });
      if (type === 'invokeModel') turn = (input as InvokeModelInput).turn;
      for (const key of keysOf(type, input)) history.scheduled.add(key);
    }
    const started = event.activityTaskStartedEventAttributes;
    const running = calls.get(String(started?.scheduledEventId));
    if (running) running.attempt = started?.attempt ?? 0;
    const completed = event.activityTaskCompletedEventAttributes;
    const done = calls.get(String(completed?.scheduledEventId));
    if (done) history.recorded.push(...recordedBy(done, decoded(completed?.result), timeOf(event)));
    const late = calls.get(String(event.activityTaskTimedOutEventAttributes?.scheduledEventId));
    if (late) for (const key of keysOf(late.type, late.input)) history.timedOut.add(key);
    if (event.markerRecordedEventAttributes) readMarker(event, turn, history);
    next = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? next;
    const type = temporal.api.enums.v1.EventType[event.eventType ?? 0] ?? '';
    history.events.push({ bytes: temporal.api.history.v1.HistoryEvent.encode(event).finish().length, turn, type });
  }
  return next;
}

/** A local activity is one marker, with its result in it. */
function readMarker(event: Event, turn: number, history: SessionHistory): void {
  const details = event.markerRecordedEventAttributes?.details ?? {};
  const result = decoded(details.result) as Partial<ToolMessage> | undefined;
  if (result?.role !== 'tool') return;
  const key = `${turn}:${result.callId}`;
  history.scheduled.add(key);
  history.recorded.push({ kind: 'tool', key, at: timeOf(event), attempt: 0, outcome: result.outcome ?? '' });
}

/** Quick reads ride along with a model call and belong to the turn before it. */
function keysOf(type: string, input: unknown): string[] {
  if (type === 'invokeModel') {
    const { turn, quickCalls = [] } = input as InvokeModelInput;
    return [`turn-${turn}`, ...quickCalls.map((callId) => `${turn - 1}:${callId}`)];
  }
  if (!type.startsWith('tool.')) return [];
  const { turn, callId } = input as RunToolInput;
  return [`${turn}:${callId}`];
}

function recordedBy(
  call: { type: string; input: unknown; attempt: number },
  result: unknown,
  at: number,
): RecordedCall[] {
  const { type, input, attempt } = call;
  const [key, ...quick] = keysOf(type, input);
  if (key === undefined) return [];
  if (type !== 'invokeModel') {
    return [{ kind: 'tool', key, at, attempt, outcome: (result as ToolMessage).outcome }];
  }
  const { quickResults = [] } = result as InvokeModelResult;
  const riding = quick.map((name, index) => {
    return { kind: 'tool' as const, key: name, at, attempt, outcome: quickResults[index]?.outcome ?? '' };
  });
  return [{ kind: 'model', key, at, attempt }, ...riding];
}

function decoded(payloads: Payloads): unknown {
  const data = payloads?.payloads?.[0]?.data;
  return data?.length ? JSON.parse(Buffer.from(data).toString('utf8')) : undefined;
}

function timeOf({ eventTime }: Event): number {
  return Number(eventTime?.seconds ?? 0) * 1_000 + Math.floor((eventTime?.nanos ?? 0) / 1_000_000);
}
