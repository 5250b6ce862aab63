import { readFileSync } from 'node:fs';
import { HoldfastError } from '../../protocol/failures';

/** A little above what a run takes, so that the client is the one to say that it is too much. */
const MAX_BYTES = 4_000_000;

/**
 * The task of a run: from the command line, standard input or a file.
 * @throws HoldfastError `Input.Invalid`, `Input.TooLarge`.
 */
export async function inputOf(
  given: string | undefined,
  file: string | undefined,
  stdin = process.stdin,
): Promise<string> {
  if (given !== undefined && file !== undefined) throw refused('both an input and --input-file are given', 'Give one.');
  if (file !== undefined) return fromFile(file);
  if (given === undefined)
    throw refused('no input', 'Say what the agent should do: holdfast run AGENT "TASK", or - for standard input.');
  return given === '-' ? fromStream(stdin) : given;
}

function fromFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw refused(`--input-file cannot be read: ${(cause as Error).message}`, 'Check the path.');
  }
}

async function fromStream(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BYTES) {
      throw new HoldfastError('Input.TooLarge', `standard input has more than ${MAX_BYTES} bytes`, {
        hint: 'Put it in a file and give the agent the folder with --in DIR.',
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refused(message: string, hint: string): HoldfastError {
  return new HoldfastError('Input.Invalid', message, { hint });
}
