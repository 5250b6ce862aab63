import { z } from 'zod';
import { configFileSchema, settingsSchema, WHOLE } from './schema';

export type KeyPath = readonly string[];
export type LeafKind = 'text' | 'number' | 'yes-or-no' | 'length of time' | 'JSON';

/** One setting. In the path of an entry of a map, `*` stands for its name. */
export interface Leaf {
  path: KeyPath;
  kind: LeafKind;
  /** The values it may have, where they are few. */
  choices?: readonly string[];
  default?: unknown;
  description: string;
}

interface Node {
  type?: string | string[];
  properties?: Record<string, Node>;
  additionalProperties?: Node | false;
  enum?: string[];
  default?: unknown;
  description?: string;
}

/** Other variables that mean the same, below the one named after the key: those that other programs know too. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  defaultModel: ['HOLDFAST_MODEL'],
  'log.levels': ['HOLDFAST_LOG'],
  'temporal.address': ['TEMPORAL_ADDRESS'],
  'temporal.namespace': ['TEMPORAL_NAMESPACE'],
  'providers.openai.baseUrl': ['OPENAI_BASE_URL'],
  'providers.openai.api': ['HOLDFAST_OPENAI_API'],
  'providers.anthropic.baseUrl': ['ANTHROPIC_BASE_URL'],
};

/** The maps, whose entries are named by the user. */
export const MAPS = ['providers', 'models', 'prices'] as const;

let known: Leaf[] | undefined;

/** Every setting there is. */
export function leaves(): readonly Leaf[] {
  known ??= leavesOf(jsonSchemaOf(settingsSchema) as Node, []);
  return known;
}

/** For editors: what a file may hold. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = jsonSchemaOf(configFileSchema);
  return { $schema, title: 'Holdfast project settings', ...rest };
}

function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      // An empty default tells nothing, nor does the largest number there is.
      if (JSON.stringify(jsonSchema.default) === '{}') delete jsonSchema.default;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
}

function leavesOf(node: Node, path: string[]): Leaf[] {
  if (path.length === 1 && isWhole(path)) return [{ path, kind: 'JSON', description: node.description ?? '' }];
  if (node.properties) {
    return Object.entries(node.properties).flatMap(([name, child]) => leavesOf(child, [...path, name]));
  }
  if (node.additionalProperties) return leavesOf(node.additionalProperties, [...path, '*']);
  const { description = '', enum: choices } = node;
  return [
    {
      path,
      kind: kindOf(node),
      description,
      ...(choices && { choices }),
      ...(node.default !== undefined && { default: node.default }),
    },
  ];
}

function isWhole([first]: KeyPath): boolean {
  return WHOLE.some((name) => name === first);
}

function kindOf({ type }: Node): LeafKind {
  if (Array.isArray(type)) return 'length of time';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' ? 'yes-or-no' : 'text';
}

/** The environment variables of a key, the strongest first. */
export function variablesOf(path: KeyPath): string[] {
  return [`HOLDFAST_${path.map(capitals).join('_')}`, ...(ALIASES[keyText(path)] ?? [])];
}

function capitals(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/_$/, '')
    .toUpperCase();
}

/** `models["openai/gpt-4.1"].contextTokens`, `worker.taskQueue` */
export function keyText(path: readonly PropertyKey[]): string {
  return path
    .map(String)
    .map((name, at) => (/^[\w*/-]+$/.test(name) ? `${at === 0 ? '' : '.'}${name}` : `["${name}"]`))
    .join('');
}

/** The setting of a concrete path; undefined when there is none. */
export function leafAt(path: KeyPath): Leaf | undefined {
  if (isWhole(path)) return leaves().find((leaf) => leaf.path[0] === path[0]);
  return leaves().find(
    (leaf) => leaf.path.length === path.length && leaf.path.every((name, at) => name === '*' || name === path[at]),
  );
}

/** The names a path may go on with. */
export function namesUnder(path: readonly PropertyKey[]): string[] {
  const below = leaves().filter((leaf) => path.every((name, at) => leaf.path[at] === '*' || leaf.path[at] === name));
  return [...new Set(below.flatMap((leaf) => leaf.path[path.length] ?? []))].filter((name) => name !== '*');
}

/**
 * What a user writes for a key as a path. Names of models may hold dots: `prices.openai/gpt-4.1.inputPerMillion` is
 * understood, and so are brackets.
 */
export function parseKey(text: string): string[] {
  const names = [...text.matchAll(/\["([^"]*)"\]|([^.[\]]+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  if (!MAPS.some((map) => map === names[0]) || names.length < 3 || text.includes('["')) return names;
  const [map, ...rest] = names as [string, ...string[]];
  const tails = leaves()
    .filter((leaf) => leaf.path[0] === map)
    .map((leaf) => leaf.path.slice(2));
  const tail = tails.find((end) => end.length < rest.length && end.join('.') === rest.slice(-end.length).join('.'));
  const length = tail?.length ?? 0;
  return [map, rest.slice(0, rest.length - length).join('.'), ...(tail ?? [])];
}
