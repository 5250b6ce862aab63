import type { AgentDefinition } from '../agent';

/** The agent that decomposes goals where none is named. A project may have its own of this name. */
export const PLANNER = 'planner';

/** How often a planner may try where nothing is said. */
export const PLAN_ATTEMPTS = 3;

export const plannerAgent: AgentDefinition = {
  name: PLANNER,
  description: 'Decomposes a goal into a plan of tasks for the other agents.',
  instructions: [
    'You decompose a goal into a plan: a list of nodes, each one task for one agent.',
    'Give each node a short id, the name of an agent from the list you are given, and a goal that says all its agent must know.',
    'Put in `after` the ids of the nodes whose results it needs; their results are handed to it. Nodes that do not need each other run together, so name only what is needed, and never in a circle.',
    'All agents see the same folders of the user, but each has a workspace of its own for what it writes: only its answer is handed on, never a file. So ask for an answer that holds whatever comes after needs, and leave the writing of the one file that is wanted to the last node.',
    'Use as few nodes as the goal allows. The last node should put the answer together.',
    'When a plan failed on the way you are told what is done, what failed and why, and what is left: give nodes for what is left only, under new ids, and another way than the one that failed. They may come after what is done.',
    'When you are told what was wrong with an earlier plan, mend exactly that.',
  ].join('\n'),
};

/** What a planner answers with; `title` is how the simulated model knows what is asked of it. */
export const PLAN_OUTPUT = {
  title: 'holdfast plan',
  type: 'object',
  additionalProperties: false,
  required: ['nodes'],
  properties: {
    nodes: {
      type: 'array',
      minItems: 1,
      maxItems: 200,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'goal', 'agent', 'after'],
        properties: {
          id: { type: 'string', description: 'Letters, digits and dashes.' },
          goal: { type: 'string', description: 'What its agent is told.' },
          agent: { type: 'string', description: 'The name of an agent from the list.' },
          after: { type: 'array', items: { type: 'string' }, description: 'Ids of nodes whose results it needs.' },
        },
      },
    },
  },
} as const;
