import { z } from 'zod';
import { show } from './calculator-number';
import { evaluate } from './calculator-parser';
import { defineTool } from './define-tool';

export const calculator = defineTool({
  name: 'calculator',
  description:
    'Evaluates an arithmetic expression, exactly for decimals: + - * / % ^, parentheses, pi, e, and functions such as sum, min, max, mean, median, round(x, decimals), floor, ceil, abs, sqrt, log(x, base), ln, log10, exp. Example: "round(sum(12.5, 7.25) * 1.19, 2)".',
  input: z.strictObject({ expression: z.string().min(1).describe('The expression; no thousands separators.') }),
  effect: 'read',
  quick: true,
  execute({ expression }) {
    const { text, exact } = show(evaluate(expression));
    return { result: text, exact };
  },
});
