import { HoldfastError } from '../../protocol/failures';
import { CONFIG_VERSION } from './schema';

/** One step from a version to the next, as data, so that each kind of file can be changed in its own way. */
export interface Migration {
  from: number;
  /** Keys at the top, and in each profile, that have another name since. */
  renamed: Readonly<Record<string, string>>;
}

/** Version 0 said no version, and called the model of agents that name none `model`. */
export const MIGRATIONS: readonly Migration[] = [{ from: 0, renamed: { model: 'defaultModel' } }];

/** The version a file is written in, or what is wrong with it. */
export function versionProblem(
  value: Record<string, unknown>,
): number | { path: string; message: string; hint: string } {
  const { version } = value;
  // A file that uses a name of this version and forgot the version means this version's names.
  if (version === undefined) return 0;
  if (typeof version === 'number' && Number.isInteger(version) && version >= 0 && version <= CONFIG_VERSION)
    return version;
  const newer = typeof version === 'number' && version > CONFIG_VERSION;
  return {
    path: 'version',
    message: newer
      ? `this file is of version ${version}, and this Holdfast reads up to ${CONFIG_VERSION}`
      : 'not a version',
    hint: newer ? 'Use the Holdfast it was written for, or a newer one.' : `Write "version: ${CONFIG_VERSION}".`,
  };
}

/** The value as the present version writes it. */
export function migrated(value: Record<string, unknown>, from: number): Record<string, unknown> {
  const steps = MIGRATIONS.filter((migration) => migration.from >= from);
  if (steps.length === 0) return value;
  const { version: _old, ...rest } = value;
  const settings = steps.reduce(renameAll, rest);
  return { version: CONFIG_VERSION, ...settings };
}

function renameAll(value: Record<string, unknown>, { renamed }: Migration): Record<string, unknown> {
  const entries = Object.entries(value).map(([name, child]): [string, unknown] => {
    if (name !== 'profiles' || typeof child !== 'object' || child === null) return [renamed[name] ?? name, child];
    const profiles = Object.entries(child).map(([profile, settings]) => [profile, renameIn(settings, renamed)]);
    return [name, Object.fromEntries(profiles)];
  });
  return unique(entries);
}

function renameIn(settings: unknown, renamed: Migration['renamed']): unknown {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return settings;
  return unique(Object.entries(settings).map(([name, child]) => [renamed[name] ?? name, child]));
}

function unique(entries: [string, unknown][]): Record<string, unknown> {
  const twice = entries.find(([name], at) => entries.findIndex(([other]) => other === name) !== at);
  if (!twice) return Object.fromEntries(entries);
  throw new HoldfastError('Config.Invalid', `${twice[0]} is set under its old name and under its present one`, {
    hint: 'Remove one of them.',
  });
}
