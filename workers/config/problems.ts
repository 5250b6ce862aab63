import type { z } from 'zod';
import { nearMisses } from '../../activities/tools/near-misses';
import { keyText, namesUnder } from './keys';

/** What is wrong with a value, and at which keys. */
export interface ValueProblem {
  keys: readonly PropertyKey[];
  path: string;
  message: string;
  hint: string;
}

/** Everything a schema finds wrong, in words for whoever wrote the value. */
export function problemsOf(schema: z.ZodType, value: unknown): ValueProblem[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey([...issue.path, key]))
      : [{ keys: issue.path, path: keyText(issue.path), message: messageOf(issue), hint: SEE }],
  );
}

const SEE = 'docs/configuration.md lists every key with its type.';
const SECRET_KEY = /^(api[-_]?key|key|token|secret|password|credentials?)$/i;
const NO_SECRETS = 'Keys never live in the file: set them in the environment, e.g. OPENAI_API_KEY.';

function unknownKey(keys: readonly PropertyKey[]): ValueProblem {
  const name = String(keys.at(-1));
  const above = inSettings(keys.slice(0, -1));
  const known = [...namesUnder(above), ...(keys.length === 1 ? ['profiles', 'version'] : [])];
  const near = nearMisses(name, known);
  const hint =
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known keys here: ${known.join(', ') || 'none'}.`;
  return { keys, path: keyText(keys), message: 'unknown key', hint: SECRET_KEY.test(name) ? NO_SECRETS : hint };
}

/** The same key outside of a profile. */
function inSettings(keys: readonly PropertyKey[]): readonly PropertyKey[] {
  return keys[0] === 'profiles' ? keys.slice(2) : keys;
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  return issue.message.replace(/^Invalid (input|option): /, '');
}

const SECRETS: readonly RegExp[] = [
  /^sk-[\w-]{8,}/,
  /^(gh[pousr]_|github_pat_|xox[abposr]-|glpat-|AIza|gsk_|hf_|tsk_)[\w-]{8,}/,
  /^(AKIA|ASIA)[A-Z0-9]{12,}/,
  /^eyJ[\w-]+\.[\w-]+\.[\w-]*/,
  /^Bearer\s/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /^[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]+@/i,
];

/** Values that look like credentials. What they are is never repeated. */
export function secretsIn(value: unknown, keys: readonly string[] = []): ValueProblem[] {
  if (typeof value === 'string') {
    if (!SECRETS.some((pattern) => pattern.test(value.trim()))) return [];
    return [{ keys, path: keyText(keys), message: 'this looks like a credential', hint: NO_SECRETS }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => secretsIn(child, [...keys, name]));
}
