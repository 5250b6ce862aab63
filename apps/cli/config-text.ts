import { requireKey } from '../../workers/config/edit-file';
import { keyText } from '../../workers/config/keys';
import type { Config } from '../../workers/config/load-config';
import { secretsIn } from '../../workers/config/problems';
import type { ReferenceRow } from '../../workers/config/reference';
import { escapeLine } from './escape';
import type { Style } from './style';
import { table } from './table';

/** The environment may hold an address with a password in it; nobody is shown it. */
function shown(value: unknown): unknown {
  return secretsIn(value).length > 0 ? '(not shown: it holds a credential)' : value;
}

/** What `config show --json` gives. */
export function configData({ entries, file, profile }: Config) {
  const settings = entries.map(({ path, value, origin }) => ({ key: keyText(path), value: shown(value), origin }));
  return { file: file?.name ?? null, profile, settings };
}

export function configText({ entries, file, profile }: Config, origins: boolean, style: Style): string {
  const rows = entries.map(({ path, value, origin }) => [
    escapeLine(keyText(path)),
    escapeLine(String(shown(value)), 120),
    ...(origins ? [escapeLine(origin)] : []),
  ]);
  const head = ['setting', 'value', ...(origins ? ['from'] : [])];
  return `${file?.name ?? 'no file'} · profile ${profile}\n\n${table(head, rows, style)}`;
}

/**
 * One setting's value, or the settings below a key.
 * @throws HoldfastError `Config.Invalid` for a key there is none of.
 */
export function valuesAt({ entries }: Config, key: string): { value: unknown; text: string } {
  const at = requireKey(key);
  const below = entries.filter(({ path }) => at.every((name, depth) => path[depth] === name));
  const exact = below.find(({ path }) => path.length === at.length);
  if (exact) return { value: shown(exact.value), text: escapeLine(String(shown(exact.value))) };
  if (below.length === 0) return { value: undefined, text: '' };
  const value = Object.fromEntries(
    below.map((setting) => [keyText(setting.path.slice(at.length)), shown(setting.value)]),
  );
  return {
    value,
    text: Object.entries(value)
      .map(([name, one]) => `${name} = ${escapeLine(String(one))}`)
      .join('\n'),
  };
}

export function referenceText(rows: readonly ReferenceRow[], style: Style): string {
  return rows
    .flatMap(({ key, type, default: value, variables, description }) => [
      `${style.bold(key)}  ${type}${value === '' ? '' : `, default ${value}`}`,
      `  ${description}`,
      style.dim(`  ${variables.join(', ')}`),
    ])
    .join('\n');
}
