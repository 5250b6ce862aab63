import { planFor } from '../../activities/providers/simulated/plan';

test('a plan is asked for by its schema: one node, for the agent that fits the goal', () => {
  const agents = [
    { name: 'assistant', description: 'Answers.' },
    { name: 'reporter', description: 'Surveys a folder.' },
  ];
  const task = JSON.stringify({ goal: 'survey the folder', agents });
  expect(planFor({ title: 'holdfast plan' }, task)).toEqual({
    nodes: [{ id: 'all', goal: 'survey the folder', agent: 'reporter', after: [] }],
  });
  expect(planFor({ title: 'other' }, task)).toBeUndefined();
  expect(planFor({ title: 'holdfast plan' }, 'text')).toBeUndefined();
});
