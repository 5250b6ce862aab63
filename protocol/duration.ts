import ms, { type StringValue } from 'ms';
import { z } from 'zod';

/** Longer ones are a mistake, and beyond what the server's timers take. */
const LONGEST_MS = 100 * 365 * 24 * 60 * 60 * 1_000;

const written = z.union([z.number(), z.string()]).describe('Milliseconds, or text such as "30s" or "2 days".');
/** A length of time: milliseconds, or text such as `30s`, `10 minutes`, `2 days`. Parsed to milliseconds. */
export const durationSchema = written.transform((value, context) => {
  const parsed = typeof value === 'number' ? value : parse(value);
  if (parsed !== undefined && parsed > 0 && parsed <= LONGEST_MS) return Math.ceil(parsed);
  context.addIssue({
    code: 'custom',
    message: `not a positive duration: ${JSON.stringify(value)}; write e.g. "30s" or "2 days"`,
  });
  return z.NEVER;
});

/** `ms` throws at empty and at very long text, and answers undefined to other text it cannot read. */
function parse(text: string): number | undefined {
  return text === '' || text.length > 100 ? undefined : ms(text as StringValue);
}
