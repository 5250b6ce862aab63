import type { JsonSchema } from '../../../protocol/json';
import { isRecord } from './rule';

/** What values are looked for in: text that people wrote, and JSON they gave or that tools answered. */
export interface Sources {
  text: string;
  /** Objects, the most telling first. */
  objects: readonly Record<string, unknown>[];
}

const SEARCHED = 20_000;
const FORMATS: Record<string, RegExp> = {
  email: /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/,
  uri: /https?:\/\/[^\s<>"')\]]+/,
  date: /\b\d{4}-\d{2}-\d{2}\b/,
  'date-time': /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})/,
  uuid: /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/i,
};
/** Something like A-17, ORD_2031 or X9: what people use as an id. */
const IDENTIFIER = /\b[A-Z][A-Za-z]*[-_]?\d[\w-]*\b/;
const NUMBER = /-?\d+(?:\.\d+)?/;

/** The text as a source, with the JSON that it is or has in fences. */
export function sourcesOf(text: string, answers: readonly unknown[] = []): Sources {
  const searched = text.slice(0, SEARCHED);
  const fenced = [...searched.matchAll(/```(?:json)?\s*\n([^`]*)\n```/g)].map(([, json]) => json ?? '');
  const given = [searched, ...fenced].flatMap(parsed);
  return { text: searched, objects: [...answers.filter(isRecord), ...given] };
}

function parsed(text: string): Record<string, unknown>[] {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? [value] : [];
  } catch {
    return [];
  }
}

/** The value of a named property where the sources show one of the right type; undefined when they do not. */
export function recognise(name: string, schema: JsonSchema, sources: Sources): unknown {
  const wanted = folded(name);
  for (const object of sources.objects) {
    const key = Object.keys(object).find((candidate) => folded(candidate) === wanted);
    if (key !== undefined && hasType(object[key], schema)) return object[key];
  }
  if (Array.isArray(schema.enum)) return schema.enum.find((value) => mentions(sources.text, String(value)));
  const said = saidOf(name, sources.text);
  switch (typeOf(schema)) {
    case 'integer':
    case 'number':
      return numberIn(said, schema) ?? onlyNumber(sources.text, schema);
    case 'boolean':
      return said === undefined ? undefined : /^(?:true|yes|on)$/i.test(said);
    case 'string':
      return stringIn(name, said, schema, sources.text);
    default:
      return undefined;
  }
}

function stringIn(name: string, said: string | undefined, schema: JsonSchema, text: string): string | undefined {
  const format = FORMATS[String(schema.format ?? name.toLowerCase())];
  if (format) return format.exec(text)?.[0];
  if (said !== undefined) return said;
  return /(?:^|[a-z_-])id$/i.test(name) ? IDENTIFIER.exec(text)?.[0] : undefined;
}

/** `city: Berlin`, `city = "New York"`, `the city is Berlin`, `city Berlin` in quotes. */
function saidOf(name: string, text: string): string | undefined {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s_-]+/)
    .map((word) => word.replace(/[^\p{L}\p{N}]/gu, ''))
    .filter((word) => word !== '');
  if (words.length === 0) return undefined;
  const key = `(?<![\\p{L}\\p{N}_])${words.join('[\\s_-]?')}`;
  const quoted = new RegExp(`${key}["'\`]?\\s{0,3}(?:[:=]|is|of|to)?\\s{0,3}["“'\`]([^"”'\`\\n]{1,500})["”'\`]`, 'iu');
  const bare = new RegExp(`${key}\\s{0,3}(?:[:=]|\\bis\\b)\\s{0,3}([^\\s,;"'\`]{1,200})`, 'iu');
  return quoted.exec(text)?.[1] ?? bare.exec(text)?.[1]?.replace(/[.?!)]+$/, '');
}

function numberIn(said: string | undefined, schema: JsonSchema): number | undefined {
  const number = NUMBER.exec(said ?? '')?.[0];
  return number === undefined ? undefined : asNumber(number, schema);
}

/** A text with one number in it leaves no doubt which is meant. */
function onlyNumber(text: string, schema: JsonSchema): number | undefined {
  const numbers = text.match(/(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])/g) ?? [];
  return numbers.length === 1 ? asNumber(numbers[0] as string, schema) : undefined;
}

function asNumber(text: string, schema: JsonSchema): number | undefined {
  const value = Number(text);
  return hasType(value, schema) ? value : undefined;
}

export function typeOf(schema: JsonSchema): unknown {
  return Array.isArray(schema.type) ? schema.type.find((type) => type !== 'null') : schema.type;
}

function hasType(value: unknown, schema: JsonSchema): boolean {
  if (Array.isArray(schema.enum)) return schema.enum.includes(value);
  const type = typeOf(schema);
  return type === undefined ? value !== undefined : (TYPE_CHECKS[String(type)]?.(value) ?? false);
}

const TYPE_CHECKS: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: isRecord,
};

function mentions(text: string, value: string): boolean {
  return value !== '' && text.toLowerCase().includes(value.toLowerCase());
}

function folded(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
