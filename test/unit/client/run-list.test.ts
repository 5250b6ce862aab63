import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { type ListOptions, listRuns, type RunSummary, summaryOf } from '../../../client/run-list';

type Info = Omit<WorkflowExecutionInfo, 'raw'>;

function infoOf(changes: Partial<Info> = {}, attributes: Record<string, unknown[]> = {}): Info {
  return {
    type: 'agentSession',
    workflowId: 'run',
    runId: 'r1',
    taskQueue: 'holdfast',
    status: { code: 1, name: 'RUNNING' },
    historyLength: 7,
    startTime: new Date(1_000),
    searchAttributes: attributes as Info['searchAttributes'],
    typedSearchAttributes: {} as Info['typedSearchAttributes'],
    ...changes,
  };
}

/** A Temporal client that notes what it is asked for. */
function clientOf(found: Info[], error?: Error) {
  const asked: { query?: string; pageSize?: number }[] = [];
  const list = async function* (options: { query?: string; pageSize?: number }) {
    asked.push(options);
    if (error) throw error;
    yield* found;
  };
  return { client: { workflow: { list } } as unknown as Client, asked };
}

async function listed(options: ListOptions, found: Info[] = []): Promise<{ query: string; runs: RunSummary[] }> {
  const { client, asked } = clientOf(found);
  const runs: RunSummary[] = [];
  for await (const run of listRuns(client, options)) runs.push(run);
  return { query: asked[0]?.query ?? '', runs };
}

describe('the filter', () => {
  test.each<[ListOptions, string]>([
    [{}, 'WorkflowType = "agentSession"'],
    [{ agent: 'writer' }, 'WorkflowType = "agentSession" AND HoldfastAgent = "writer"'],
    [{ status: 'completed' }, 'WorkflowType = "agentSession" AND HoldfastStatus = "completed"'],
    [{ query: 'A = 1 OR B = 2' }, 'WorkflowType = "agentSession" AND (A = 1 OR B = 2)'],
    [{ agent: 'x" OR "a" = "a' }, 'WorkflowType = "agentSession" AND HoldfastAgent = "x\\" OR \\"a\\" = \\"a"'],
    [{ agent: 'x\\' }, 'WorkflowType = "agentSession" AND HoldfastAgent = "x\\\\"'],
  ])('of %j', async (options, query) => {
    expect((await listed(options)).query).toBe(query);
  });

  test('no more runs than asked for, and no larger pages', async () => {
    const found = [infoOf(), infoOf(), infoOf()];
    expect((await listed({ limit: 2 }, found)).runs).toHaveLength(2);
    const { client, asked } = clientOf(found);
    for await (const _run of listRuns(client, { limit: 2 }));
    expect(asked[0]?.pageSize).toBe(2);
  });

  test('an error of the server is told in our words', async () => {
    const { client } = clientOf([], Object.assign(new Error('x'), { code: 14, details: 'refused', metadata: {} }));
    await expect(listRuns(client, {}).next()).rejects.toMatchObject({ code: 'Server.Unreachable' });
  });
});

describe('a run in the list', () => {
  test('says who, how, when and what it cost', () => {
    const attributes = { HoldfastAgent: ['writer'], HoldfastStatus: ['completed'], HoldfastCostUsd: [0.5] };
    const status = { code: 2, name: 'COMPLETED' } as const;
    const parentExecution = { workflowId: 'parent', runId: 'p1' };
    expect(summaryOf(infoOf({ status, closeTime: new Date(2_000), parentExecution }, attributes))).toEqual({
      id: 'run',
      runId: 'r1',
      agent: 'writer',
      status: 'completed',
      executionStatus: 'COMPLETED',
      costUsd: 0.5,
      startedAt: new Date(1_000),
      closedAt: new Date(2_000),
      historyEvents: 7,
      parent: 'parent',
    });
  });

  test('without attributes is running and of an unknown agent', () => {
    expect(summaryOf(infoOf())).toMatchObject({
      agent: null,
      status: 'running',
      costUsd: null,
      closedAt: null,
      parent: null,
    });
  });

  test.each([
    ['TERMINATED', 'running', 'terminated'],
    ['TIMED_OUT', 'running', 'timed_out'],
    ['FAILED', 'running', 'failed'],
    ['CONTINUED_AS_NEW', 'running', 'running'],
    ['RUNNING', 'running', 'running'],
    ['COMPLETED', 'stopped', 'stopped'],
    ['CANCELLED', 'cancelled', 'cancelled'],
  ] as const)('closed as %s and recorded as %s is %s', (name, recorded, status) => {
    expect(summaryOf(infoOf({ status: { code: 0, name } }, { HoldfastStatus: [recorded] })).status).toBe(status);
  });
});
