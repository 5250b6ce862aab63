import { readFileSync, statSync } from 'node:fs';
import { HoldfastError } from '../../protocol/failures';
import { utf8Of } from '../../protocol/utf8';

/** No settings that a person writes are longer. */
const MAX_BYTES = 1_000_000;

/**
 * The text of a file a user wrote: an agent's, the project's settings, or a plan.
 * @param maxBytes default 1,000,000.
 * @throws HoldfastError `Input.Invalid`, `Input.TooLarge`, to be told as the problem of that file; the system's own errors.
 */
export function readTextFile(file: string, maxBytes = MAX_BYTES): string {
  const found = statSync(file);
  // A pipe would be waited for without end.
  if (!found.isFile()) throw refused('is no file', 'Put a file of text there.');
  if (found.size > maxBytes) {
    throw new HoldfastError('Input.TooLarge', `has ${found.size} bytes; ${maxBytes} is the most`, {
      hint: 'Put what is large into a folder the agent may read (CLI: --in DIR).',
    });
  }
  const read = utf8Of(readFileSync(file));
  if ('text' in read) return read.text;
  throw refused(read.problem, read.hint);
}

function refused(message: string, hint: string): HoldfastError {
  return new HoldfastError('Input.Invalid', message, { hint });
}
