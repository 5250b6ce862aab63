import { HoldfastError } from '../../protocol/failures';
import { type KeyPath, type Leaf, leaves, MAPS, variablesOf } from './keys';
import { type Layer, layerOf, merged } from './layers';
import type { Settings } from './schema';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What environment variables say. A map is given whole as JSON, e.g. `HOLDFAST_PRICES`; entries that are known otherwise also
 * have a variable for each of their keys. A variable set to nothing is not set.
 * @throws HoldfastError `Config.Invalid` naming the variable.
 */
export function environmentLayer(env: Environment, entryNames: (map: string) => readonly string[]): Layer {
  const maps = MAPS.map((map) => wholeMap(map, env));
  const named = (map: string): string[] => [
    ...new Set([...entryNames(map), ...maps.flat().flatMap(({ path }) => (path[0] === map ? (path[1] ?? []) : []))]),
  ];
  const singles = leaves().flatMap((leaf) => concrete(leaf, named).map((path) => fromVariables(leaf, path, env)));
  return merged([...maps, singles.flat()]);
}

/** Variables that begin as those of settings do and are none: typing errors, or entries of a map that nothing names. */
export function strayVariables(env: Environment, entryNames: (map: string) => readonly string[]): string[] {
  const paths = [...leaves().flatMap((leaf) => concrete(leaf, entryNames)), ...MAPS.map((map) => [map])];
  const known = new Set(paths.flatMap(variablesOf));
  return Object.keys(env).filter((name) => OF_SETTINGS.test(name) && env[name] && !known.has(name));
}

const OF_SETTINGS = /^HOLDFAST_(WORKER|LOG|PROVIDERS|MODELS|PRICES|APPROVALS)_/;

function wholeMap(map: string, env: Environment): Layer {
  const [variable = ''] = variablesOf([map]);
  const text = env[variable]?.trim();
  if (!text) return [];
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return layerOf(value, () => variable, [map]);
    }
  } catch {
    // Told below; the text itself is not, because it may be long.
  }
  throw new HoldfastError('Config.Invalid', `${variable}: expected a JSON object`, {
    hint: `For example ${variable}='{"name": {…}}'. docs/configuration.md lists what it may hold.`,
  });
}

function concrete({ path }: Leaf, named: (map: string) => readonly string[]): KeyPath[] {
  if (!path.includes('*')) return [path];
  return named(path[0] as string).map((name) => path.map((part) => (part === '*' ? name : part)));
}

function fromVariables(leaf: Leaf, path: KeyPath, env: Environment): Layer {
  const variable = variablesOf(path).find((name) => env[name]?.trim());
  if (variable === undefined) return [];
  const value = valueOfText((env[variable] as string).trim(), leaf, variable);
  return [{ path, value, origin: variable }];
}

/**
 * Text as a setting's type has it.
 * @param where what to call the text in an error: a variable, or a key.
 * @throws HoldfastError `Config.Invalid`.
 */
export function valueOfText(text: string, { kind, choices }: Leaf, where: string): unknown {
  if (kind === 'yes-or-no') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw unfit(where, 'true or false', text);
  }
  if (kind === 'number') {
    const number = Number(text);
    if (text.trim() !== '' && Number.isFinite(number)) return number;
    throw unfit(where, 'a number', text);
  }
  if (kind === 'JSON') return jsonOrText(text);
  if (kind === 'length of time') return /^\d+$/.test(text) ? Number(text) : text;
  if (choices && !choices.includes(text)) throw unfit(where, `one of ${choices.join(', ')}`, text);
  return text;
}

/** A part of such a setting may be plain text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unfit(where: string, expected: string, text: string): HoldfastError {
  return new HoldfastError(
    'Config.Invalid',
    `${where}: expected ${expected}, not ${JSON.stringify(text.slice(0, 60))}`,
    {
      hint: 'docs/configuration.md lists every key with its type.',
    },
  );
}

/** The settings that other parts of a process read from its environment, as they read them. */
export function environmentOf({ temporal, log }: Settings): Record<string, string> {
  const { address, namespace, port, uiPort } = temporal;
  const values = {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    HOLDFAST_TEMPORAL_PORT: port,
    HOLDFAST_TEMPORAL_UI_PORT: uiPort,
    HOLDFAST_LOG: log.levels,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
