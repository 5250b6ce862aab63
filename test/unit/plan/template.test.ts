import { type PlanTemplate, placesIn, renderPlan } from '../../../protocol/plan/template';

const template = {
  name: 'notes',
  version: 2,
  description: 'Notes of a repository.',
  parameters: {
    repo: { description: 'which' },
    most: { type: 'number', default: 3 },
    loud: { type: 'boolean', default: false },
  },
  nodes: [{ id: 'a', goal: 'List {{ most }} changes of {{repo}}.', budgetUsd: '{{most}}', expand: '{{loud}}' }],
} satisfies PlanTemplate & Record<string, unknown>;

test('parameters are put in as text within a text, and as what they are where they are all of it', () => {
  expect(renderPlan(template, { repo: 'x: [y]', most: '7', loud: 'true' })).toEqual({
    name: 'notes',
    version: '2',
    nodes: [{ id: 'a', goal: 'List 7 changes of x: [y].', budgetUsd: 7, expand: true }],
  });
  expect(renderPlan(template, { repo: 'r' }).nodes[0]).toMatchObject({ goal: 'List 3 changes of r.', budgetUsd: 3 });
});

test.each([
  [{}, 'nothing is set for {{repo}}'],
  [{ repo: 'r', other: 1 }, 'it has no parameter "other"'],
  [{ repo: 'r', most: 'many' }, '"many" is no number'],
  [{ repo: 'r', most: ' ' }, 'is no number'],
  [{ repo: 'r', loud: 'yes' }, '"yes" is no boolean'],
])('%j is refused: %s', (values, message) => {
  expect(() => renderPlan(template, values as Record<string, string>)).toThrow(message);
});

test('without a declaration every place is a text that must be set; with one each place must be declared', () => {
  const { parameters: _declared, ...bare } = template;
  expect(placesIn(bare).sort()).toEqual(['loud', 'most', 'repo']);
  expect(() => renderPlan(bare, { repo: 'r', most: '1' })).toThrow('nothing is set for {{loud}}');
  const undeclared = { ...template, goal: 'Also {{this}}.' } as PlanTemplate;
  expect(() => renderPlan(undeclared, { repo: 'r' })).toThrow('no parameter of that name');
});
