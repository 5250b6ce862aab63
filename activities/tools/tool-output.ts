import type { ToolOutput } from './tool';

/** A tool's output in the form it is capped in: whole, or as a stream. */
export type OutputText = { mediaType: 'text/plain' | 'application/json' } & (
  | { whole: string; stream?: undefined }
  | { stream: AsyncIterable<string>; whole?: undefined }
);

/** Why a value has no JSON form. Told to the model as a `failed` result. */
export class NotSerialisable extends Error {
  override readonly name = 'NotSerialisable';
}

/**
 * Text stays text, streams stay streams, any other value becomes JSON (`undefined` as `null`).
 * @throws NotSerialisable naming the first value JSON would lose or refuse: a bigint, a function, a cycle, …
 */
export function outputText(output: ToolOutput): OutputText {
  if (typeof output === 'string') return { whole: output, mediaType: 'text/plain' };
  if (isStream(output)) return { stream: output, mediaType: 'text/plain' };
  return { whole: jsonOf(output), mediaType: 'application/json' };
}

function isStream(output: unknown): output is AsyncIterable<string> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output;
}

function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value ?? null, refuseLosses);
  } catch (error) {
    if (error instanceof NotSerialisable) throw error;
    throw new NotSerialisable(`the value has no JSON form: ${firstLine(error)}`);
  }
  return text ?? 'null';
}

/** `JSON.stringify` drops or empties these without a word; the model would read a value the tool never returned. */
function refuseLosses(this: unknown, key: string, value: unknown): unknown {
  const found = lossOf((this as Record<string, unknown>)[key]) ?? lossOf(value);
  if (found === undefined) return value;
  throw new NotSerialisable(`${key === '' ? 'the value' : `the value of ${JSON.stringify(key)}`} is ${found}`);
}

function lossOf(value: unknown): string | undefined {
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name}`;
  return ArrayBuffer.isView(value) ? 'binary data' : undefined;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
