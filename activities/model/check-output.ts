import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { jsonrepair } from 'jsonrepair';
import { LRUCache } from 'lru-cache';
import type { InvokeModelResult } from '../../protocol/activities';
import { HoldfastError } from '../../protocol/failures';
import type { JsonSchema } from '../../protocol/json';

const MAX_ERRORS = 10;
const validators = new LRUCache<string, ValidateFunction>({ max: 200 });

/** Checks a final answer against the agent's output schema; the errors are written for the model to mend. */
export function checkOutput(schema: JsonSchema, text: string): NonNullable<InvokeModelResult['output']> {
  const parsed = readJson(text);
  if (parsed === undefined) return { ok: false, errors: 'it is not JSON' };
  const validate = validatorOf(schema);
  if (validate(parsed.value)) return { ok: true, value: parsed.value };
  const errors = (validate.errors ?? [])
    .slice(0, MAX_ERRORS)
    .map((error) => `${error.instancePath || '(root)'} ${error.message}`);
  return { ok: false, errors: errors.join('; ') };
}

/** @throws HoldfastError `Agent.Invalid` when the schema itself is not one. */
export function validatorOf(schema: JsonSchema): ValidateFunction {
  const key = JSON.stringify(schema);
  const known = validators.get(key);
  if (known) return known;
  // An asynchronous validator answers with a promise, which would pass for a yes.
  if ('$async' in schema)
    throw new HoldfastError('Agent.Invalid', 'output must not be an asynchronous schema ($async)');
  try {
    const validate = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(schema);
    validators.set(key, validate);
    return validate;
  } catch (cause) {
    throw new HoldfastError('Agent.Invalid', `output is not a valid JSON Schema: ${(cause as Error).message}`, {
      hint: 'Write JSON Schema draft 2020-12; `holdfast agent validate` checks it.',
      cause,
    });
  }
}

/** Models wrap JSON in fences and leave commas behind; a repair that changes the meaning fails validation anyway. */
export function readJson(text: string): { value: unknown } | undefined {
  const bare = text.trim().replace(/^```(?:json)?\s*\n([\s\S]*?)\n```$/, '$1');
  for (const read of [JSON.parse, (broken: string) => JSON.parse(jsonrepair(broken))]) {
    try {
      return { value: read(bare) };
    } catch {
      // The next reader is more lenient; after the last one the model is asked again.
    }
  }
  return undefined;
}
