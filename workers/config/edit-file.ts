import { isMap, parseDocument } from 'yaml';
import { nearMisses } from '../../activities/tools/near-misses';
import { HoldfastError } from '../../protocol/failures';
import { type ConfigFile, parseConfigFile, requireSound } from './config-file';
import { valueOfText } from './environment';
import { keyText, leafAt, leaves, MAPS, namesUnder, parseKey } from './keys';
import { setAt } from './load-config';
import { CONFIG_VERSION } from './schema';

/** Tells editors where the JSON Schema is: in the package as a project installs it. */
export const SCHEMA_LINE = '# yaml-language-server: $schema=node_modules/holdfast/docs/schemas/holdfast.config.json';

/** What a new file begins with. */
export const NEW_FILE = `${SCHEMA_LINE}\nversion: ${CONFIG_VERSION}\n`;

/**
 * The text of a file with one setting changed; comments and order stay.
 * @param profile where to set it; undefined for the settings of all profiles.
 * @throws HoldfastError `Config.Invalid` for a key or a value that is none, or a file that cannot be changed in place.
 */
export function withSetting(
  file: Pick<ConfigFile, 'name' | 'text'>,
  key: string,
  text: string,
  profile?: string,
): string {
  const path = parseKey(key);
  const leaf = leafAt(path);
  if (!leaf) throw unknownKey(key, path);
  const at = [...(profile === undefined ? [] : ['profiles', profile]), ...path];
  const changed = edited(file, at, valueOfText(text, leaf, key));
  requireSound(parseConfigFile(changed, file.name));
  return changed;
}

/** @throws HoldfastError `Config.Invalid`, with what the key may have meant. */
export function requireKey(key: string): string[] {
  const path = parseKey(key);
  if (leafAt(path) || namesUnder(path).length > 0 || MAPS.some((map) => map === path[0])) return path;
  throw unknownKey(key, path);
}

function unknownKey(key: string, path: readonly string[]): HoldfastError {
  const below = namesUnder(path);
  const known = leaves().map((leaf) => keyText(leaf.path));
  const near = nearMisses(key, known);
  const hints = [
    below.length > 0 && `Keys below it: ${below.map((name) => `${key}.${name}`).join(', ')}.`,
    near.length > 0 && `Did you mean ${near.join(' or ')}?`,
    '`holdfast config list` shows every key.',
  ];
  const hint = hints.find((text) => typeof text === 'string') || '';
  return new HoldfastError('Config.Invalid', `there is no setting ${JSON.stringify(key)}`, { hint });
}

function edited({ name, text }: Pick<ConfigFile, 'name' | 'text'>, at: readonly string[], value: unknown): string {
  if (name.endsWith('.toml')) throw notInPlace(name, `set ${keyText(at)} = ${JSON.stringify(value)}`);
  if (name.endsWith('.json')) return setInJson(text, at, value);
  const document = parseDocument(text);
  // Created as mappings: a key whose settings are all commented out holds nothing.
  for (let depth = 1; depth < at.length; depth++) {
    if (!isMap(document.getIn(at.slice(0, depth), true))) document.setIn(at.slice(0, depth), document.createNode({}));
  }
  document.setIn(at, value);
  return document.toString({ lineWidth: 0 });
}

function setInJson(text: string, at: readonly string[], value: unknown): string {
  const whole = JSON.parse(text) as Record<string, unknown>;
  setAt(whole, at, value);
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function notInPlace(name: string, change: string): HoldfastError {
  return new HoldfastError('Config.Invalid', `${name} cannot be changed without losing its comments`, {
    hint: `Edit it yourself: ${change}. YAML files can be changed by this command.`,
  });
}
