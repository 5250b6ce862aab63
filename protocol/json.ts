export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON Schema document; Holdfast reads only what it validates, so the shape stays open. */
export type JsonSchema = { [key: string]: unknown };

/** JSON with sorted keys: equal values give equal text. Keys whose value is `undefined` are left out, as in JSON. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
