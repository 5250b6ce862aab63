import { knownModel } from './price-data';
import type { ModelFacts } from './provider';

/** Tokens one answer may have at most, by model name; the price table has only the windows. First match counts. */
const MAX_OUTPUT: [RegExp, number][] = [
  [/^gpt-3\.5|^gpt-4(?![.o\d])/, 4_096],
  [/^gpt-4\.1/, 32_768],
  [/^(gpt-4o|chatgpt-4o|gpt-[\d.]+-chat)/, 16_384],
  [/^o1-preview/, 32_768],
  [/^o\d/, 100_000],
  [/^gpt-[5-9]|^codex/, 128_000],
  [/^claude-(v1|2|3-(opus|haiku|sonnet))/, 4_096],
  [/^claude-3-5/, 8_192],
  [/^claude-opus-4-(0|1|2)/, 32_000],
  [/^claude-(3-7|(sonnet|haiku|opus)-4-[0-5])/, 64_000],
  [/^claude-/, 128_000],
];

/** Windows of models the price table does not know. */
const CONTEXT: [RegExp, number][] = [
  [/^gpt-4\.1/, 1_047_576],
  [/^gpt-4o|^gpt-4-turbo/, 128_000],
  [/^gpt-[5-9]|^codex/, 400_000],
  [/^o\d/, 200_000],
  [/^claude-/, 200_000],
];

/** What is known of a vendor's model; undefined for an unknown one. */
export function describeKnownModel(vendor: string, model: string): ModelFacts | undefined {
  const contextTokens = knownModel(vendor, model)?.context_window ?? match(CONTEXT, model);
  if (contextTokens === undefined) return undefined;
  const maxOutputTokens = match(MAX_OUTPUT, model);
  return { contextTokens, ...(maxOutputTokens !== undefined && { maxOutputTokens }) };
}

function match(table: [RegExp, number][], model: string): number | undefined {
  return table.find(([pattern]) => pattern.test(model))?.[1];
}
