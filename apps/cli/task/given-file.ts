import { MAX_PAYLOAD_BYTES } from '../../../client/checks';
import { HoldfastError } from '../../../protocol/failures';
import { readTextFile } from '../../../workers/project/text-file';

/** A file that is named on the command line. @throws HoldfastError `Input.Invalid`, `Input.TooLarge`, naming it. */
export function readGiven(file: string): string {
  try {
    return readTextFile(file, MAX_PAYLOAD_BYTES);
  } catch (cause) {
    if (!HoldfastError.is(cause))
      throw new HoldfastError('Input.Invalid', `${file}: ${(cause as Error).message}`, { cause });
    const { code, message, hint } = cause;
    throw new HoldfastError(code, `${file}: ${message}`, { cause, ...(hint !== undefined && { hint }) });
  }
}
