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

const TEAM = [
  { name: 'editor', description: 'Puts parts of a report together.' },
  { name: 'reporter', description: 'Surveys a folder.' },
];
const planOf = (asked: object) => planFor({ title: 'holdfast plan' }, JSON.stringify({ agents: TEAM, ...asked }));

test('folders that a goal names are surveyed each on its own, and their parts put together', () => {
  const { nodes = [] } = planOf({ goal: 'Survey the folders `docs`, "a/b" and `c.d`, and write one report.' }) ?? {};
  expect(nodes.map(({ id, agent, after }) => [id, agent, after])).toEqual([
    ['survey-docs', 'reporter', []],
    ['survey-a-b', 'reporter', []],
    ['survey-c.d', 'reporter', []],
    ['report', 'editor', ['survey-docs', 'survey-a-b', 'survey-c.d']],
  ]);
  expect(nodes[1]?.goal).toContain('the folder `a/b` and answer with its part of the report');
  expect(planOf({ goal: 'Survey the folder `docs` and write a report.' })?.nodes).toHaveLength(2);
});

test('without folders, an agent for each half, or with an earlier plan to mend, it is one node', () => {
  const goal = 'Survey the folders `docs` and `src` and write one report.';
  expect(planOf({ goal: 'Survey the folders docs and src and write a report.' })?.nodes).toHaveLength(1);
  expect(planOf({ goal, agents: TEAM.slice(1) })?.nodes).toHaveLength(1);
  expect(planOf({ goal, problems: ['no'] })?.nodes).toHaveLength(1);
});
