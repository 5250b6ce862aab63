import { copyFileSync, existsSync, mkdirSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../protocol/failures';
import { readConfigFile } from '../../workers/config/config-file';
import { NEW_FILE, withSetting } from '../../workers/config/edit-file';
import { lineDiff } from '../../workers/config/line-diff';
import { migratedText } from '../../workers/config/migrate-file';
import { CONFIG_VERSION } from '../../workers/config/schema';
import { type FileProblem, problemText } from '../../workers/project/source-file';
import type { Surroundings } from './context';
import { escapeText } from './escape';
import { EXIT, type ExitCode } from './exit-codes';

/** @throws HoldfastError `Config.Invalid`; the file is then as it was. */
export function setConfig({ out, project }: Surroundings, key: string, value: string, profile?: string): void {
  const file = readConfigFile(project) ?? { name: 'holdfast.yaml', text: NEW_FILE };
  const changed = withSetting(file, key, value, profile);
  const backup = replaceFile(path.join(project, file.name), changed);
  const { name } = file;
  out.data({ file: name, key, backup }, () => `${name}: ${key} is ${escapeText(value)}`);
}

/** The whole file or, should the machine stop in between, the one before. */
function replaceFile(named: string, text: string): string | null {
  const existed = existsSync(named);
  // What a link leads to is changed, not the link.
  const file = existed ? realpathSync(named) : named;
  const backup = `${file}.bak`;
  mkdirSync(path.dirname(file), { recursive: true });
  if (existed) copyFileSync(file, backup);
  const beside = `${file}.${process.pid}.new`;
  writeFileSync(beside, text, existed ? { mode: statSync(file).mode } : {});
  renameSync(beside, file);
  return existed ? path.basename(backup) : null;
}

export function validateConfig(around: Surroundings): ExitCode {
  const { out } = around;
  const file = readConfigFile(around.project);
  const inFile = file?.problems ?? [];
  const { problems, stray } = inFile.length > 0 ? { problems: inFile, stray: [] } : whole(around);
  const valid = problems.length === 0;
  const version = file?.version ?? CONFIG_VERSION;
  const { green, red, yellow } = out.style;
  out.data({ valid, file: file?.name ?? null, version, problems, stray }, () =>
    [
      ...problems.flatMap((problem) => [
        `${red('bad')}  ${escapeText(problemText(problem))}`,
        `     ${escapeText(problem.hint)}`,
      ]),
      ...stray.map((name) => `${yellow('warn')} ${escapeText(name)} is set, and is no setting: holdfast config list`),
      ...(valid ? [`${green('ok')}   ${file?.name ?? 'no file: the defaults'}`] : []),
    ].join('\n'),
  );
  if (valid && version < CONFIG_VERSION)
    out.say(`It is of version ${version}; holdfast config migrate writes it anew.`);
  return valid ? EXIT.done : EXIT.usage;
}

/** What the environment and the flags bring in. */
function whole({ readConfig }: Surroundings): { problems: FileProblem[]; stray: string[] } {
  try {
    return { problems: [], stray: readConfig().stray };
  } catch (error) {
    if (!HoldfastError.is(error)) throw error;
    const { message, hint = '' } = error;
    return { problems: [{ file: 'settings', path: '', message, hint }], stray: [] };
  }
}

/** @throws HoldfastError `Config.Invalid` for a project without a file, or with one that is not sound. */
export function migrateConfig({ out, project }: Surroundings, dryRun: boolean): void {
  const file = readConfigFile(project);
  if (!file) {
    throw new HoldfastError('Config.Invalid', 'this project has no file of settings', {
      hint: 'holdfast init makes one; without one the defaults count.',
    });
  }
  const { name, text, version } = file;
  const changed = migratedText(file);
  const diff = changed === text ? [] : lineDiff(text, changed);
  const backup = dryRun || diff.length === 0 ? null : replaceFile(path.join(project, name), changed);
  const data = { file: name, from: version, to: CONFIG_VERSION, changed: backup !== null, backup, diff };
  out.data(data, () => {
    if (diff.length === 0) return `${name} is of version ${CONFIG_VERSION} already`;
    const done = dryRun ? 'nothing was written' : `written; the file before is ${backup}`;
    return `${diff.map((line) => escapeText(line)).join('\n')}\n${name}: version ${version} to ${CONFIG_VERSION}, ${done}`;
  });
}
