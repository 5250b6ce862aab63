import { nearMisses } from '../../activities/tools/near-misses';
import { HoldfastError } from '../../protocol/failures';
import { providerFiles } from '../project/provider-files';
import { type ConfigFile, readConfigFile, requireSound } from './config-file';
import { environmentLayer, strayVariables } from './environment';
import { type KeyPath, keyText, leafAt, leaves } from './keys';
import { type Layer, layerOf, merged, type Setting } from './layers';
import { problemsOf } from './problems';
import { DEFAULT_PROFILE, PROFILE_DEFAULTS, PROVIDER_NAMES, type Settings, settingsSchema } from './schema';

/** The settings that count, and where each comes from. */
export interface Config {
  settings: Settings;
  /** Every setting that has a value, in the order of the documentation. */
  entries: Setting[];
  /** The name of the file in the project; undefined when it has none. */
  file?: ConfigFile;
  profile: string;
  /** Variables that begin as those of settings do and are none. */
  stray: string[];
}

export interface ConfigSources {
  /** The project's folder. Default: none, and so no file. */
  root?: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Default: `HOLDFAST_PROFILE`, else `development`. */
  profile?: string;
  /** Values that flags give, by key, with the flag's name. */
  flags?: readonly { key: string; value: unknown; flag: string }[];
}

/**
 * The settings of a project: defaults, then the file, its profile, the environment and flags, each above the one before.
 * @throws HoldfastError `Config.Invalid` naming the file and line, the variable or the flag at fault.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { root, env } = sources;
  const file = root === undefined ? undefined : readConfigFile(root);
  if (file) requireSound(file);
  const profile = profileOf(sources, file);
  const below = merged(filesLayers(profile, file).map((layer) => withoutCluster(layer, env)));
  const settings = merged([below, environmentLayer(env, entriesOf(below)), flagLayer(sources.flags ?? [])]);
  const value = nestedValue(settings);
  check(value, settings, root);
  const stray = strayVariables(env, entriesOf(settings));
  return { settings: settingsSchema.parse(value), entries: inOrder(settings), profile, stray, ...(file && { file }) };
}

/** The names of a map's entries. */
function entriesOf(layer: Layer): (map: string) => string[] {
  return (map) => [
    ...(map === 'providers' ? PROVIDER_NAMES : []),
    ...layer.flatMap(({ path }) => (path[0] === map && path[1] !== undefined ? path[1] : [])),
  ];
}

function profileOf({ profile: flag, env }: ConfigSources, file: ConfigFile | undefined): string {
  const profile = flag ?? (env.HOLDFAST_PROFILE || DEFAULT_PROFILE);
  const known = [...new Set([...Object.keys(PROFILE_DEFAULTS), ...Object.keys(Object(file?.value?.profiles))])];
  if (known.includes(profile)) return profile;
  const near = nearMisses(profile, known);
  const from = flag === undefined ? 'HOLDFAST_PROFILE' : '--profile';
  throw new HoldfastError('Config.Invalid', `${from}: there is no profile ${JSON.stringify(profile)}`, {
    hint: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Profiles here: ${known.join(', ')}.`,
  });
}

function filesLayers(profile: string, file: ConfigFile | undefined): Layer[] {
  const defaults = leaves().flatMap((leaf) =>
    leaf.default === undefined ? [] : { path: leaf.path, value: leaf.default, origin: 'default' },
  );
  const ofProfile = layerOf(PROFILE_DEFAULTS[profile], () => `default of ${profile}`);
  if (!file?.value) return [defaults, ofProfile];
  const { name, lineOf } = file;
  const { profiles, version: _version, $schema: _schema, ...settings } = file.value;
  const own = (profiles as Record<string, unknown> | undefined)?.[profile];
  return [
    defaults,
    ofProfile,
    layerOf(settings, (path) => `${name}:${lineOf(path)}`),
    layerOf(own, (path) => `${name}:${lineOf(['profiles', profile, ...path])} (${profile})`),
  ];
}

/** Temporal's own profiles name a cluster too: what the environment says is above the file. */
function withoutCluster(layer: Layer, env: ConfigSources['env']): Layer {
  if (!env.TEMPORAL_PROFILE && !env.TEMPORAL_CONFIG_FILE) return layer;
  return layer.filter(({ path }) => !['temporal.address', 'temporal.namespace'].includes(keyText(path)));
}

function flagLayer(flags: NonNullable<ConfigSources['flags']>): Layer {
  return flags.map(({ key, value, flag }) => ({ path: key.split('.'), value, origin: flag }));
}

/** What the environment and the flags brought in, and what only the whole shows. */
function check(value: Record<string, unknown>, settings: readonly Setting[], root: string | undefined): void {
  const problems = [...problemsOf(settingsSchema, value), ...namelessTypes(value, root)];
  const first = problems[0];
  if (!first) return;
  const below = settings.find(({ path }) => keyText(path).startsWith(first.path));
  const where = below ? `${below.origin}: ` : '';
  throw new HoldfastError('Config.Invalid', `${where}${first.path}: ${first.message}`, { hint: first.hint });
}

function namelessTypes(
  { providers = {} }: { providers?: Record<string, { type?: string }> },
  root: string | undefined,
) {
  const known = [...PROVIDER_NAMES, ...(root === undefined ? [] : providerFiles(root).map(({ name }) => name))];
  const nameless = Object.entries(providers).filter(([name, { type }]) => !type && !known.includes(name));
  return nameless.map(([name]) => ({
    path: keyText(['providers', name]),
    message: 'nothing says whose protocol this server speaks',
    hint: `Add type: openai or type: anthropic, or use a name that is known here: ${known.join(', ')}.`,
  }));
}

function nestedValue(settings: readonly Setting[]): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const { path, value: leaf } of settings) {
    setAt(value, path, leaf);
  }
  return value;
}

/** Puts a value into nested mappings, which are made where they are missing. */
export function setAt(whole: Record<string, unknown>, path: KeyPath, value: unknown): void {
  let place = whole;
  for (const name of path.slice(0, -1)) {
    if (!Object.hasOwn(place, name)) define(place, name, {});
    place = place[name] as Record<string, unknown>;
  }
  define(place, path.at(-1) as string, value);
}

/** Assigning to `__proto__` would change every object there is. */
function define(place: object, name: string, value: unknown): void {
  Object.defineProperty(place, name, { value, enumerable: true, writable: true, configurable: true });
}

function inOrder(settings: readonly Setting[]): Setting[] {
  const order = leaves();
  const rank = ({ path }: Setting): number => order.indexOf(leafAt(path) as (typeof order)[number]);
  return [...settings].sort((a, b) => rank(a) - rank(b) || (keyText(a.path) < keyText(b.path) ? -1 : 1));
}
