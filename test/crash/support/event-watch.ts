import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { WORKFLOW } from '../../../protocol/names';

/** One event of a run: of the session's own history, or of that of the effect of one of its `once` tools. */
export interface Place {
  /** `session`, or the tool. */
  of: string;
  eventId: number;
  type: string;
}

type Event = temporal.api.history.v1.IHistoryEvent;
type History = temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse;

const NOT_FOUND = 5;
/** A child is asked for before there is one. */
const BEGINS_WITHIN_MS = 30_000;

/** Every event of a session and of the effects of these tools, the session's first. */
export async function placesOf(client: Client, session: string, tools: readonly string[]): Promise<Place[]> {
  const places: Place[] = [];
  for (const of of ['session', ...tools]) {
    const id = await workflowOf(client, session, of);
    const { events } = await client.workflow.getHandle(id ?? '').fetchHistory();
    places.push(...(events ?? []).map((event) => ({ of, eventId: Number(event.eventId), type: typeOf(event) })));
  }
  return places;
}

/**
 * Resolves as soon as the event is in the history: true; or with false once the workflow has ended without it. The server answers
 * in the moment in which it has written the event, so whoever kills then kills between this event and one of the next.
 */
export async function eventWritten(client: Client, session: string, { of, eventId }: Place): Promise<boolean> {
  const id = await workflowOf(client, session, of);
  if (id === undefined) return false;
  for await (const event of follow(client, id)) if (Number(event.eventId) >= eventId) return true;
  return false;
}

/** The workflow in which a tool of a session acts, once the session has started it; undefined when it never did. */
async function workflowOf(client: Client, session: string, of: string): Promise<string | undefined> {
  if (of === 'session') return session;
  for await (const { startChildWorkflowExecutionInitiatedEventAttributes: child } of follow(client, session)) {
    if (child?.workflowType?.name === WORKFLOW.effect && child.workflowId?.startsWith(`effect/${of}/`)) {
      return child.workflowId;
    }
  }
  return undefined;
}

/** The events of a workflow from its first on, each as soon as it is written, until the workflow has ended. */
async function* follow(client: Client, workflowId: string): AsyncGenerator<Event> {
  let nextPageToken: Uint8Array | null = null;
  do {
    const { workflowService, options } = client;
    const request = { namespace: options.namespace, execution: { workflowId }, waitNewEvent: true, nextPageToken };
    const page: History = await begun(() => workflowService.getWorkflowExecutionHistory(request));
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : null;
    yield* page.history?.events ?? [];
  } while (nextPageToken);
}

async function begun(look: () => Promise<History>): Promise<History> {
  for (const until = Date.now() + BEGINS_WITHIN_MS; ; await sleep(5)) {
    try {
      return await look();
    } catch (error) {
      if ((error as { code?: number }).code !== NOT_FOUND || Date.now() > until) throw error;
    }
  }
}

function typeOf({ eventType }: Event): string {
  return (temporal.api.enums.v1.EventType[eventType ?? 0] ?? '').replace('EVENT_TYPE_', '').toLowerCase();
}
