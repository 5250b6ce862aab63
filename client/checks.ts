import { HoldfastError } from '../protocol/failures';
import { quoted } from '../protocol/quoted';

/** The server takes 2 MB a payload; JSON escapes and what goes along need room. */
export const MAX_PAYLOAD_BYTES = 1_500_000;
/** The server's limit on ids, in bytes. */
const MAX_ID_BYTES = 1_000;
/** Ids of messages are kept with the chat, for as long as they are known again. */
const MAX_MESSAGE_ID = 255;
/** A list filter is read by the server's parser; none that a person writes is longer. */
const MAX_QUERY = 10_000;

/**
 * JSON of what is sent.
 * @throws HoldfastError `Input.Invalid`.
 */
export function jsonOf(input: unknown): string {
  const hint = 'Give text, parts, or a value of plain objects, lists, texts and numbers.';
  try {
    const json = JSON.stringify(input);
    if (json !== undefined) return json;
  } catch (cause) {
    throw new HoldfastError('Input.Invalid', `the input has no JSON form: ${(cause as Error).message}`, {
      hint,
      cause,
    });
  }
  throw new HoldfastError('Input.Invalid', `the input has no JSON form: it is a ${typeof input}`, { hint });
}

/**
 * What is sent to a run: small enough for the server, which would refuse it after a minute of trying, and without a word.
 * @throws HoldfastError `Input.Invalid`, `Input.TooLarge`.
 */
export function checkPayload(asked: object): void {
  const given = Object.values(asked).filter((value) => value !== undefined);
  checkSize(given.reduce<number>((sum, value) => sum + Buffer.byteLength(jsonOf(value)), 0));
}

/** @throws HoldfastError `Input.TooLarge`. */
export function checkSize(bytes: number): void {
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  throw new HoldfastError('Input.TooLarge', `the input has ${bytes} bytes; ${MAX_PAYLOAD_BYTES} is the most`, {
    hint: 'Put it in a file and give the agent the folder (CLI: --in DIR); its file tools read it piece by piece.',
  });
}

/**
 * The id of a run that may have been started by anybody, so almost anything; only what no run can have is refused.
 * @throws HoldfastError `Input.Invalid`.
 */
export function checkGivenId(id: string): string {
  if (typeof id === 'string' && id !== '' && !/\p{Cs}/u.test(id) && Buffer.byteLength(id) <= MAX_ID_BYTES) return id;
  throw new HoldfastError('Input.Invalid', `no run can have the id ${quoted(String(id))}`, {
    hint: `Ids are texts of 1 to ${MAX_ID_BYTES} bytes; \`holdfast runs list\` shows those there are.`,
  });
}

/** @throws HoldfastError `Input.Invalid`. */
export function checkMessageId(id: string): string {
  if (typeof id === 'string' && id !== '' && !/\p{Cs}/u.test(id) && id.length <= MAX_MESSAGE_ID) return id;
  throw new HoldfastError('Input.Invalid', `not an id of a message: ${quoted(String(id))}`, {
    hint: `Give a text of 1 to ${MAX_MESSAGE_ID} characters, or none: then it is made up.`,
  });
}

/** @throws HoldfastError `Input.TooLarge`. */
export function checkQuery(query: string): string {
  if (query.length <= MAX_QUERY) return query;
  throw new HoldfastError(
    'Input.TooLarge',
    `the list filter has ${query.length} characters; ${MAX_QUERY} is the most`,
    {
      hint: 'Filter by what is common to the runs, e.g. HoldfastAgent = "writer", and sort out the rest here.',
    },
  );
}
