/**
 * The variables of a conversation: texts by name, which stand in its agent's instructions and in messages as `{{name}}`. Plain
 * code: workflows use it too.
 */
export type Variables = Record<string, string>;

/** What is set, and, with null, what is taken away. */
export type VariableChanges = Record<string, string | null>;

export const VARIABLE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
/** Characters one value may have. */
export const MAX_VARIABLE_CHARS = 4_000;
/** Variables one conversation may have. */
export const MAX_VARIABLES = 50;
/** Characters all values together may have: they are carried whenever the session continues as new. */
export const MAX_VARIABLES_CHARS = 16_000;
/** Characters that instructions may have once their variables stand in them. */
export const MAX_EXPANDED_CHARS = 400_000;

const PLACE = /\{\{\s*([A-Za-z][A-Za-z0-9_]{0,62})\s*\}\}/g;

/** The text with each `{{name}}` that has a value replaced by it, once: what a value says is not looked at again. */
export function expandVariables(text: string, variables: Variables): string {
  return text.replace(
    PLACE,
    (place, name: string) => (Object.hasOwn(variables, name) ? variables[name] : place) as string,
  );
}

/** How many characters longer the text becomes, found without making it. */
export function expandedChars(text: string, variables: Variables): number {
  let chars = text.length;
  for (const [place, name = ''] of text.matchAll(PLACE)) {
    if (Object.hasOwn(variables, name)) chars += (variables[name] as string).length - place.length;
  }
  return chars;
}

/** Those of the variables that have a place in the text; undefined for none. */
export function usedVariables(text: string, variables: Variables = {}): Variables | undefined {
  const names = new Set([...text.matchAll(PLACE)].map(([, name = '']) => name));
  const used = Object.entries(variables).filter(([name]) => names.has(name));
  return used.length === 0 ? undefined : Object.fromEntries(used);
}

/** The variables after a change. */
export function changedVariables(variables: Variables = {}, changes: VariableChanges): Variables {
  const all = Object.entries({ ...variables, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** What is wrong with variables, or with changes of them, whoever sent them; undefined for nothing. */
export function variablesProblem(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return 'an object is needed: {"name": "value"}';
  const entries = Object.entries(given as Record<string, unknown>);
  for (const [name, value] of entries) {
    if (!VARIABLE_NAME.test(name))
      return `${JSON.stringify(name.slice(0, 80))} is no name: letters, digits and _, a letter first, at most 63`;
    if (value !== null && typeof value !== 'string') return `${name}: not a text`;
    if (value !== null && value.length > MAX_VARIABLE_CHARS)
      return `${name}: ${value.length} characters; ${MAX_VARIABLE_CHARS} is the most`;
  }
  if (entries.length > MAX_VARIABLES) return `${entries.length} variables; ${MAX_VARIABLES} is the most`;
  const chars = entries.reduce((sum, [, value]) => sum + ((value as string | null)?.length ?? 0), 0);
  return chars > MAX_VARIABLES_CHARS ? `${chars} characters in all; ${MAX_VARIABLES_CHARS} is the most` : undefined;
}
