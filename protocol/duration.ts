import ms, { type StringValue } from 'ms';
import { z } from 'zod';

/** A length of time: milliseconds, or text such as `30s`, `10 minutes`, `2 days`. Parsed to milliseconds. */
export const durationSchema = z.union([z.number(), z.string()]).transform((value, context) => {
  const parsed = typeof value === 'number' ? value : ms(value as StringValue);
  if (typeof parsed === 'number' && Number.isFinite(parsed) && parsed > 0) return Math.round(parsed);
  context.addIssue({
    code: 'custom',
    message: `not a positive duration: ${JSON.stringify(value)}; write e.g. "30s" or "2 days"`,
  });
  return z.NEVER;
});
