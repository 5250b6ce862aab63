export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON Schema document; Holdfast reads only what it validates, so the shape stays open. */
export type JsonSchema = { [key: string]: unknown };

/** JSON with sorted keys: values that are equal as JSON give equal text, all others different text. */
export function canonicalJson(value: unknown): string {
  // Through JSON first, so that dates, `toJSON` and what JSON leaves out mean here what they mean there.
  return sorted(JSON.parse(JSON.stringify(value) ?? 'null'));
}

function sorted(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${sorted(item)}`);
  return `{${entries.join(',')}}`;
}
