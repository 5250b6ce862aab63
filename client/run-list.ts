import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { SEARCH_ATTRIBUTE, WORKFLOW } from '../protocol/names';
import { checkQuery } from './checks';
import { toClientError } from './errors';

export interface ListOptions {
  agent?: string;
  /** `running`, `completed`, `stopped`, `failed` or `cancelled`. */
  status?: string;
  /** A further Temporal list filter. */
  query?: string;
  /** Runs at most. Default 100. */
  limit?: number;
}

export interface RunSummary {
  id: string;
  runId: string;
  agent: string | null;
  status: string;
  /** Temporal's own status, e.g. `COMPLETED`. */
  executionStatus: string;
  costUsd: number | null;
  /** When it was accepted; a run with a start delay begins later. */
  startedAt: Date;
  /** Only of a run that was started with a delay: when it begins, or began. */
  beginsAt?: Date;
  closedAt: Date | null;
  historyEvents: number;
  parent: string | null;
}

type Described = Omit<WorkflowExecutionInfo, 'raw'>;

export async function* listRuns(
  client: Client,
  { agent, status, query, limit = 100 }: ListOptions,
): AsyncGenerator<RunSummary> {
  const filters = [`WorkflowType = "${WORKFLOW.agentSession}"`];
  if (agent !== undefined) filters.push(`${SEARCH_ATTRIBUTE.agent.name} = ${quoted(agent)}`);
  if (status !== undefined) filters.push(`${SEARCH_ATTRIBUTE.status.name} = ${quoted(status)}`);
  if (query !== undefined) filters.push(`(${checkQuery(query)})`);
  let left = limit;
  try {
    for await (const info of client.workflow.list({ query: filters.join(' AND '), pageSize: Math.min(limit, 100) })) {
      if (left-- <= 0) return;
      yield summaryOf(info);
    }
  } catch (error) {
    throw toClientError(error, 'list');
  }
}

export function summaryOf(info: Described): RunSummary {
  const attributes = info.searchAttributes;
  const first = (name: string): unknown => (attributes[name] as unknown[] | undefined)?.[0];
  const recorded = first(SEARCH_ATTRIBUTE.status.name);
  const executionStatus = info.status.name;
  return {
    id: info.workflowId,
    runId: info.runId,
    agent: (first(SEARCH_ATTRIBUTE.agent.name) as string | undefined) ?? null,
    status: statusOf(typeof recorded === 'string' ? recorded : 'running', executionStatus),
    executionStatus,
    costUsd: (first(SEARCH_ATTRIBUTE.costUsd.name) as number | undefined) ?? null,
    startedAt: info.startTime,
    ...beginningOf(info),
    closedAt: info.closeTime ?? null,
    historyEvents: info.historyLength,
    parent: info.parentExecution?.workflowId ?? null,
  };
}

/** Child runs and those that continued as new also have an execution time; it is that of their start. */
function beginningOf({ startTime, executionTime }: Described): Pick<RunSummary, 'beginsAt'> {
  return executionTime && executionTime > startTime ? { beginsAt: executionTime } : {};
}

/** A run that was terminated or timed out had no chance to record its own status. */
function statusOf(recorded: string, executionStatus: string): string {
  const closedByServer =
    recorded === 'running' && executionStatus !== 'RUNNING' && executionStatus !== 'CONTINUED_AS_NEW';
  return closedByServer ? executionStatus.toLowerCase() : recorded;
}

/** A text as a list filter takes it. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}
