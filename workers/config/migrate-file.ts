import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { type ConfigFile, parseConfigFile, requireSound } from './config-file';
import { MIGRATIONS, migrated } from './migrations';
import { CONFIG_VERSION } from './schema';

type Renamed = Readonly<Record<string, string>>;

/**
 * The text of a file as the present version writes it, comments kept; the same text when there is nothing to do.
 * @throws HoldfastError `Config.Invalid` for a file that is not sound.
 */
export function migratedText(file: ConfigFile): string {
  requireSound(file);
  const { name, text, version } = file;
  if (version === CONFIG_VERSION) return text;
  const renamed = Object.assign({}, ...MIGRATIONS.filter(({ from }) => from >= version).map((step) => step.renamed));
  const changed = name.endsWith('.toml')
    ? inToml(text, renamed)
    : name.endsWith('.json')
      ? inJson(text, version)
      : inYaml(text, renamed);
  requireSound(parseConfigFile(changed, name));
  return changed;
}

function inYaml(text: string, renamed: Renamed): string {
  const document = parseDocument(text);
  const top = document.contents;
  if (!isMap(top)) return `${text.trimEnd()}\nversion: ${CONFIG_VERSION}\n`.trimStart();
  const profiles = top.get('profiles');
  const maps: YAMLMap[] = [
    top,
    ...(isMap(profiles) ? profiles.items.flatMap(({ value }) => (isMap(value) ? value : [])) : []),
  ];
  for (const map of maps) renameIn(map, renamed);
  top.delete('version');
  top.items.unshift(document.createPair('version', CONFIG_VERSION));
  return document.toString({ lineWidth: 0 });
}

function renameIn({ items }: YAMLMap, renamed: Renamed): void {
  for (const { key } of items) {
    if (isScalar(key)) key.value = renamed[String(key.value)] ?? key.value;
  }
}

function inJson(text: string, version: number): string {
  return `${JSON.stringify(migrated(JSON.parse(text) as Record<string, unknown>, version), null, 2)}\n`;
}

/** Line by line, because the TOML parser keeps no comments. */
function inToml(text: string, renamed: Renamed): string {
  let inSettings = true;
  const lines = text.split('\n').flatMap((line) => {
    if (/^\s*\[/.test(line)) inSettings = /^\s*\[profiles\.[\w-]+\]/.test(line);
    if (inSettings && /^\s*version\s*=/.test(line)) return [];
    return inSettings
      ? line.replace(/^(\s*)([\w-]+)(?=\s*=)/, (_all, space, key) => space + (renamed[key] ?? key))
      : line;
  });
  return [`version = ${CONFIG_VERSION}`, ...lines].join('\n');
}
