import { meetsCondition, type Subject } from '../../../protocol/permissions/condition';
import { type Condition, parseRule } from '../../../protocol/permissions/rule';

const conditionOf = (text: string): Condition => parseRule(`tool(${text})`).conditions[0] as Condition;
const path: Subject = { argument: 'path', kind: 'path' };

/** `unsure` never permits, and always forbids. */
test.each<[string, unknown, 'yes' | 'no' | 'unsure']>([
  ['a=x', { a: 'x' }, 'yes'],
  ['a=x', { a: 'y' }, 'no'],
  ['a=x', { a: 'X' }, 'unsure'],
  ['a=x', {}, 'unsure'],
  ['a=x', { a: null }, 'unsure'],
  ['a=x', 'text', 'unsure'],
  ['a=x', null, 'unsure'],
  ['a=x', Object.create({ a: 'x' }), 'unsure'],
  ['a=**', { a: null }, 'yes'],
  ['a="**"', { a: null }, 'unsure'],
  ['a.b=x', { a: { b: 'x' } }, 'yes'],
  ['a.b=x', { a: 'x' }, 'unsure'],
  ['a!=x', { a: 'y' }, 'yes'],
  ['a!=x', { a: 'x' }, 'no'],
  ['a!=x', { a: 'X' }, 'unsure'],
  ['a=5', { a: 5 }, 'yes'],
  ['a=5.0', { a: 5 }, 'yes'],
  ['a=5', { a: 6 }, 'no'],
  // A schema that takes texts for numbers would take these for 5.
  ['a=5', { a: '05' }, 'unsure'],
  ['a=5', { a: '5.0' }, 'unsure'],
  ['a=5', { a: '0.5e1' }, 'unsure'],
  ['a=5', { a: '6' }, 'no'],
  ['a=x', { a: '5' }, 'no'],
  ['a=5*', { a: 51 }, 'yes'],
  ['a="5*"', { a: 51 }, 'no'],
  ['a=true', { a: true }, 'yes'],
  ['a=true', { a: false }, 'no'],
  ['a=true', { a: 1 }, 'unsure'],
  ['a=false', { a: 0 }, 'unsure'],
  ['a=x', { a: ['x', 'x'] }, 'yes'],
  ['a=x', { a: ['x', 'y'] }, 'unsure'],
  ['a=x', { a: ['y', 'z'] }, 'no'],
  ['a=x', { a: [] }, 'unsure'],
  ['a<5', { a: 4 }, 'yes'],
  ['a<5', { a: 5 }, 'no'],
  ['a<=5', { a: 5 }, 'yes'],
  ['a>5', { a: 5 }, 'no'],
  ['a>=5', { a: 5 }, 'yes'],
  ['a<5', { a: '4' }, 'unsure'],
  ['a<5', { a: Number.NaN }, 'unsure'],
  ['a<5', {}, 'unsure'],
])('%s of %j: %s', (text, args, finding) => {
  expect(meetsCondition(conditionOf(text), args, undefined)).toBe(finding);
});

test('a rule without a name is about the subject of the tool, read as what it is; without one nothing is known', () => {
  expect(meetsCondition(conditionOf('reports/**'), { path: 'reports/a.md' }, path)).toBe('yes');
  expect(meetsCondition(conditionOf('reports/**'), { path: 'x/../reports/a.md' }, path)).toBe('unsure');
  expect(meetsCondition(conditionOf('reports/**'), { path: 'reports/a.md' }, undefined)).toBe('unsure');
  // Another argument of the same tool is text.
  expect(meetsCondition(conditionOf('title=a'), { path: 'p', title: './a' }, path)).toBe('no');
});
