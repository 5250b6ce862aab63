import { planProblems } from '../../../protocol/plan/admission';
import { skillOf } from '../../../protocol/plan/assign';
import { type PlanDefinition, planSchema } from '../../../protocol/plan/definition';
import { partAt, schemaAt, schemaMismatch } from '../../../protocol/plan/schema-fit';
import type { AgentFacts } from '../../../protocol/plan/state';

const facts = (more: Partial<AgentFacts> = {}): AgentFacts => ({
  revision: 'r',
  capabilities: [],
  costUsd: null,
  ...more,
});
const AGENTS = {
  worker: facts(),
  coder: facts({ capabilities: ['js'], costUsd: 2 }),
  tester: facts({ capabilities: ['test'] }),
};

function problems(more: Partial<PlanDefinition>, nesting = 0): [string, string | undefined][] {
  const plan = planSchema.parse({ name: 'p', agent: 'worker', nodes: [{ id: 'a', goal: 'g' }], ...more });
  return planProblems(plan, AGENTS, nesting).map(({ code, node }) => [code, node]);
}
const node = (id: string, more: object = {}) => ({ id, goal: 'g', ...more });

test.each<[string, Partial<PlanDefinition>, [string, string | undefined][], number?]>([
  ['nothing', {}, []],
  ['two of one id', { nodes: [node('a'), node('a')] }, [['Plan.Invalid', 'a']]],
  ['an output that is not there', { output: 'z' }, [['Plan.UnknownNode', undefined]]],
  [
    'a cycle and an unknown node',
    { nodes: [node('a', { after: ['a', 'z'] })] },
    [
      ['Plan.UnknownNode', 'a'],
      ['Plan.Cycle', 'a'],
    ],
  ],
  ['nobody named', { agent: undefined, nodes: [node('a')] }, [['Plan.UnknownAgent', 'a']]],
  ['nobody who has all', { nodes: [node('a', { needs: ['js', 'test'] })] }, [['Plan.UnknownCapability', 'a']]],
  ['somebody who has it', { nodes: [node('a', { needs: ['js'] })] }, []],
  ['somebody who has what stands in', { nodes: [node('a', { needs: ['ts'] })], related: { ts: { js: 0.5 } } }, []],
  [
    'more than there is',
    { nodes: [node('a', { resources: { gpu: 2 } })], limits: { resources: { gpu: 1 } } },
    [['Plan.TooLarge', 'a']],
  ],
  ['what there is none of', { nodes: [node('a', { resources: { gpu: 1 } })] }, [['Plan.TooLarge', 'a']]],
  [
    'an agent’s own limit counts',
    { budgetUsd: 3, nodes: [node('a', { agent: 'coder', retry: { attempts: 2 } })] },
    [['Plan.TooExpensive', undefined]],
  ],
  ['money for all', { budgetUsd: 4, nodes: [node('a', { agent: 'coder', retry: { attempts: 2 } })] }, []],
  ['nested too deeply', { nodes: [node('a', { expand: true })] }, [['Plan.TooDeep', 'a']], 3],
  ['nested', { nodes: [node('a', { expand: true })] }, [], 2],
  [
    'a deadline nobody can keep',
    { deadline: 50, nodes: [node('a', { estimate: 40 }), node('b', { after: ['a'], estimate: 40 })] },
    [['Plan.DeadlineImpossible', 'b']],
  ],
  [
    'a beginning too late',
    { nodes: [node('a', { notBefore: 100, estimate: 40, deadline: 120 })] },
    [['Plan.DeadlineImpossible', 'a']],
  ],
  ['no estimate, no complaint', { deadline: 50, nodes: [node('a')] }, []],
  [
    'an input that is not given',
    {
      nodes: [
        node('a', { output: { type: 'object', properties: { x: { type: 'string' } }, additionalProperties: false } }),
        node('b', {
          inputs: { y: { from: 'a', path: '/y' }, x: { from: 'a', path: '/x', schema: { type: 'array' } } },
        }),
      ],
    },
    [
      ['Plan.TypeMismatch', 'b'],
      ['Plan.TypeMismatch', 'b'],
    ],
  ],
])('%s', (...row) => {
  const [, more, expected, nesting] = row;
  expect(problems(more, nesting)).toEqual(expected);
});

test('a capability counts as much as what stands in for it is worth', () => {
  expect(skillOf('js', AGENTS.coder)).toBe(1);
  expect(skillOf('ts', AGENTS.coder, { ts: { js: 0.5, test: 1 } })).toBe(0.5);
  expect(skillOf('ts', AGENTS.worker, { ts: { js: 0.5 } })).toBe(0);
});

const schema = {
  type: 'object',
  properties: { list: { type: 'array', items: { type: 'integer' } }, 'a/b': { type: 'string' }, open: {} },
  additionalProperties: false,
};

test.each([
  ['', schema],
  ['/list', { type: 'array', items: { type: 'integer' } }],
  ['/list/0', { type: 'integer' }],
  ['/list/0/x', 'missing'],
  ['/a~1b', { type: 'string' }],
  ['/none', 'missing'],
  ['/open/any/thing', undefined],
])('the schema at %s', (pointer, expected) => {
  expect(schemaAt(schema, pointer)).toEqual(expected);
});

test.each([
  [{ type: 'integer' }, { type: 'number' }, undefined],
  [{ type: ['string', 'null'] }, { type: 'string' }, undefined],
  [{ type: 'string' }, { type: ['number', 'array'] }, 'it gives string, and number or array is expected'],
  [{}, { type: 'string' }, undefined],
  [schema, { type: 'object', required: ['list'] }, undefined],
  [schema, { type: 'object', required: ['other'] }, 'it gives no "other"'],
  [
    schema,
    { properties: { list: { items: { type: 'string' } } } },
    'it gives integer at /list/*, and string is expected',
  ],
])('what %j gives is what %j expects, or not', (given, expected, mismatch) => {
  expect(schemaMismatch(given, expected)).toBe(mismatch);
});

test('a part of a value', () => {
  const value = { list: [1, { 'a/b': 2 }], text: 'x' };
  expect([partAt(value), partAt(value, '/list/1/a~1b'), partAt(value, '/list/7'), partAt(value, '/text/0')]).toEqual([
    value,
    2,
    undefined,
    undefined,
  ]);
});

test('whoever is paused is given nothing: refused where it is named, and passed over where others can', () => {
  const facts = { revision: 'r', capabilities: ['x'], costUsd: null };
  const agents = { away: { ...facts, paused: true as const }, here: facts };
  const problems = (node: object, known: Record<string, AgentFacts> = agents, over: string[] = []) =>
    planProblems(planSchema.parse({ name: 'p', nodes: [{ id: 'a', goal: 'G', ...node }] }), known, 0, {
      over,
      spentUsd: 0,
      elapsedMs: 0,
    }).map(({ code, message }) => `${code}: ${message}`);
  expect(problems({ needs: ['x'] })).toEqual([]);
  expect(problems({ agent: 'here' })).toEqual([]);
  expect(problems({ agent: 'away' })).toEqual(['Plan.AgentPaused: "a" is for the agent "away", which is paused']);
  expect(problems({ agent: 'away' }, agents, ['a'])).toEqual([]);
  expect(problems({ needs: ['x'] }, { away: agents.away })).toEqual([
    'Plan.AgentPaused: all agents that could do "a" are paused',
  ]);
});
