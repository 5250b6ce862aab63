import path from 'node:path';
import type { AssemblyOptions } from '../assemble';
import { assemblySettings } from './apply';
import { loadConfig } from './load-config';

export interface ProjectOptions extends AssemblyOptions {
  project?: string;
  profile?: string;
}

/**
 * The contents of a worker with a project's settings under them: an entry of code counts above the file's of the same name.
 * @throws HoldfastError `Config.Invalid` naming the file and line, or the variable at fault.
 */
export function withProjectSettings({ project, profile, ...given }: ProjectOptions): AssemblyOptions {
  if (project === undefined) return given;
  const env = given.env ?? process.env;
  const { settings } = loadConfig({ root: path.resolve(project), env, ...(profile !== undefined && { profile }) });
  const file = assemblySettings(settings, env);
  return {
    ...file,
    ...given,
    providerSettings: { ...file.providerSettings, ...given.providerSettings },
    models: { ...file.models, ...given.models },
    prices: { ...file.prices, ...given.prices },
  };
}
