import { expressionIn } from '../../activities/providers/simulated/arithmetic';

test.each([
  ['What is 17% of 2,340?', '2340 * 17 / 100'],
  ['What is 1,000,000 + 2,500?', '1000000 + 2500'],
  ['What is sum(100,200,300)?', 'sum(100,200,300)'],
  ['How much is 12 * 3,5 ?', '12 * 3,5'],
])('%s is calculated as %s', (task, expression) => {
  expect(expressionIn(task)).toBe(expression);
});
