import type { Client } from '@temporalio/client';
import { filterText } from '../protocol/list-filter';
import { SEARCH_ATTRIBUTE, WORKFLOW } from '../protocol/names';
import { checkQuery } from './checks';
import { type Listed, listed } from './listed';

/** Which runs are listed; all of it must hold. Default: all sessions. */
export interface ListOptions {
  agent?: string;
  /** `running`, `completed`, `stopped`, `failed` or `cancelled`. */
  status?: string;
  /** A further Temporal list filter. */
  query?: string;
  /** Runs at most. Default 100. */
  limit?: number;
}

/** A run as the server's index knows it. `costUsd` is null until it has ended, and where no price was known. */
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

export async function* listRuns(
  client: Client,
  { agent, status, query, limit = 100 }: ListOptions,
): AsyncGenerator<RunSummary> {
  const filters = [`WorkflowType = "${WORKFLOW.agentSession}"`];
  if (agent !== undefined) filters.push(`${SEARCH_ATTRIBUTE.agent.name} = ${filterText(agent)}`);
  if (status !== undefined) filters.push(`${SEARCH_ATTRIBUTE.status.name} = ${filterText(status)}`);
  if (query !== undefined) filters.push(`(${checkQuery(query)})`);
  for await (const info of listed(client, filters.join(' AND '), limit, 'list')) yield summaryOf(info);
}

export function summaryOf(info: Listed): RunSummary {
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
function beginningOf({ startTime, executionTime }: Listed): Pick<RunSummary, 'beginsAt'> {
  return executionTime && executionTime > startTime ? { beginsAt: executionTime } : {};
}

/** A run that was terminated or timed out had no chance to record its own status. */
function statusOf(recorded: string, executionStatus: string): string {
  const closedByServer =
    recorded === 'running' && executionStatus !== 'RUNNING' && executionStatus !== 'CONTINUED_AS_NEW';
  return closedByServer ? executionStatus.toLowerCase() : recorded;
}
