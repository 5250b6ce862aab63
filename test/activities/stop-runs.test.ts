import type { Client } from '@temporalio/client';
import { plansMeant } from '../../activities/stop-plans';
import { roundOf } from '../../activities/stop-runs';
import type { StopRoundInput } from '../../protocol/stop-order';

/** Workflows as a server knows them; what is told is noted. */
interface Known {
  id: string;
  type?: string;
  parent?: string;
  /** It has ended, or is not there any more. */
  gone?: 'closed' | 'deleted';
}

function server(all: Known[]) {
  const told: string[] = [];
  const find = (id: string) => {
    const found = all.find((one) => one.id === id && one.gone !== 'deleted');
    if (found) return found;
    throw Object.assign(new Error('not found'), { name: 'WorkflowNotFoundError' });
  };
  const client = {
    options: { namespace: 'default' },
    withDeadline: (_at: number, work: () => unknown) => work(),
    workflowService: {
      requestCancelWorkflowExecution: async ({ workflowExecution }: { workflowExecution: { workflowId: string } }) =>
        void told.push(workflowExecution.workflowId),
    },
    workflow: {
      async *list() {
        for (const { id, type = 'agentSession', parent, gone } of all) {
          const parentExecution = parent === undefined ? undefined : { workflowId: parent };
          if (!gone) yield { workflowId: id, type, searchAttributes: {}, parentExecution };
        }
      },
      getHandle: (id: string) => ({
        describe: async () => {
          const { type = 'agentSession', gone } = find(id);
          return { type, status: { name: gone ? 'COMPLETED' : 'RUNNING' }, searchAttributes: {} };
        },
        executeUpdate: async () => {
          told.push(id);
          return { costUsd: 1 };
        },
      }),
    },
  };
  return { client: client as unknown as Client, told };
}

const order: StopRoundInput = {
  query: '',
  order: 'stop-1',
  by: 'ana',
  reason: 'r',
  open: [],
  watchMs: 0,
  terminate: false,
};

test('runs that were told and go on keep no others from being told', async () => {
  const { client, told } = server(['a', 'b', 'c', 'd', 'e'].map((id) => ({ id })));
  const first = await roundOf(client, order, 2);
  expect(first.told.map(({ id }) => id)).toEqual(['a', 'b']);
  const second = await roundOf(client, { ...order, open: ['a', 'b'] }, 2);
  expect(second.told.map(({ id }) => id)).toEqual(['c', 'd']);
  const third = await roundOf(client, { ...order, open: ['a', 'b', 'c', 'd'] }, 2);
  expect(third.told.map(({ id }) => id)).toEqual(['e']);
  expect(told).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('what started a run and was deleted since holds nothing up', async () => {
  const { client } = server([
    { id: 'orphan', parent: 'deleted' },
    { id: 'other', parent: 'own' },
    { id: 'own', type: 'mine', gone: 'closed' },
  ]);
  const { told } = await roundOf(client, order);
  expect(told.map(({ id, by }) => [id, by])).toEqual([
    ['orphan', 'stop'],
    ['other', 'stop'],
  ]);
});

test('a workflow that starts runs is told beside them', async () => {
  const { client, told } = server([
    { id: 'child', parent: 'own' },
    { id: 'own', type: 'mine' },
  ]);
  const round = await roundOf(client, order);
  expect(round.told.filter(({ id }) => id === 'own')).toMatchObject([{ what: 'mine', by: 'cancel' }]);
  expect(told).toContain('own');
});

test.each<[query: string, agents: string[] | undefined, rest: string | undefined]>([
  ['HoldfastTenant = "acme"', undefined, undefined],
  ['HoldfastAgent = "clerk"', ['clerk'], 'ExecutionStatus = "Running"'],
  [
    `HoldfastTenant = "a" AND \`HoldfastAgent\` in ('x', "y")`,
    ['x', 'y'],
    'HoldfastTenant = "a" AND ExecutionStatus = "Running"',
  ],
  ['HoldfastAgent != "clerk"', undefined, undefined],
  ['NOT HoldfastAgent = "clerk"', undefined, undefined],
  ['HoldfastAgent NOT IN ("clerk")', undefined, undefined],
])('plans are asked for the agents that %s names', (query, agents, rest) => {
  const meant = plansMeant(query);
  expect(meant && [...meant.agents]).toEqual(agents);
  expect(meant?.query).toBe(rest && `WorkflowType = "taskPlan" AND ${rest}`);
});
