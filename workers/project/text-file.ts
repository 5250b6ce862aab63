import { readFileSync, statSync } from 'node:fs';
import { HoldfastError } from '../../protocol/failures';
import { utf8Of } from '../../protocol/utf8';

/** No settings that a person writes are longer. */
const MAX_BYTES = 1_000_000;

/**
 * The text of a file a user wrote: an agent's, or the project's settings.
 * @throws HoldfastError `Input.Invalid`, `Input.TooLarge`, to be told as the problem of that file; the system's own errors.
 */
export function readTextFile(file: string): string {
  const found = statSync(file);
  // A pipe would be waited for without end.
  if (!found.isFile()) throw refused('is no file', 'Put a file of text there.');
  if (found.size > MAX_BYTES) {
    throw new HoldfastError('Input.TooLarge', `has ${found.size} bytes; ${MAX_BYTES} is the most`, {
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
