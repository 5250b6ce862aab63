import { createAdmitPlan } from '../../../activities/plan/admit-plan';
import type { ActivityServices } from '../../../activities/services';

// No registry answers: nobody is known to be paused.
jest.mock('@temporalio/activity', () => ({
  ...jest.requireActual<object>('@temporalio/activity'),
  getClient: () => ({}),
}));

const worker = { revision: 'r', limits: {}, tools: [] };
const services = {
  registry: 'default',
  catalogue: { agentNames: () => ['worker'], resolve: () => worker },
} as unknown as ActivityServices;
const admit = createAdmitPlan(services);

const planOf = (edges: number) => {
  const nodes = Array.from({ length: 10_000 }, (_, at) => ({
    id: `n${at}`,
    goal: 'G',
    after: Array.from({ length: Math.min(at, edges) }, (_one, back) => `n${at - back - 1}`),
  }));
  return { name: 'p', agent: 'worker', nodes };
};

test('ten thousand nodes are admitted, with what their author left out', async () => {
  const found = await admit({ plan: planOf(2), nesting: 0 });
  expect(found).toMatchObject({ plan: { nodes: expect.any(Array) }, agents: { worker: { plain: true } } });
});

test('a plan that grows too large for a payload when it is filled in is refused, not tried again and again', async () => {
  const plan = planOf(13);
  // As it is submitted it may be sent.
  expect(Buffer.byteLength(JSON.stringify(plan))).toBeLessThan(1_500_000);
  expect(await admit({ plan, nesting: 0 })).toEqual({
    problems: [
      { code: 'Plan.TooLarge', message: expect.stringMatching(/^it has \d+ bytes, and 2000000 are the most$/) },
    ],
  });
});
