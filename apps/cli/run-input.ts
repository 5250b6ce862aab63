import { createReadStream, statSync } from 'node:fs';
import { MAX_PAYLOAD_BYTES } from '../../client/checks';
import { HoldfastError } from '../../protocol/failures';
import { utf8Of } from '../../protocol/utf8';

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
  return given === '-' ? textOf(await bytesOf(stdin, 'standard input'), 'standard input') : given;
}

/** Read as a stream: it may be a pipe, or a device without an end. */
async function fromFile(file: string): Promise<string> {
  const bytes = await readBytes(file);
  return textOf(bytes, '--input-file');
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const found = statSync(file);
    if (found.isFile() && found.size > MAX_PAYLOAD_BYTES) throw tooLarge(`--input-file has ${found.size} bytes`);
    return await bytesOf(createReadStream(file), '--input-file');
  } catch (cause) {
    if (HoldfastError.is(cause)) throw cause;
    throw refused(`--input-file cannot be read: ${(cause as Error).message}`, 'Check the path.');
  }
}

async function bytesOf(stream: AsyncIterable<Buffer | string>, source: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_PAYLOAD_BYTES) throw tooLarge(`${source} has more than ${MAX_PAYLOAD_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function textOf(bytes: Buffer, source: string): string {
  const read = utf8Of(bytes);
  if ('text' in read) return read.text;
  throw refused(`${source} ${read.problem}`, read.hint);
}

function tooLarge(what: string): HoldfastError {
  return new HoldfastError('Input.TooLarge', `${what}; ${MAX_PAYLOAD_BYTES} is the most`, {
    hint: 'Give the agent the folder it is in with --in DIR; its file tools read it piece by piece.',
  });
}

function refused(message: string, hint: string): HoldfastError {
  return new HoldfastError('Input.Invalid', message, { hint });
}
