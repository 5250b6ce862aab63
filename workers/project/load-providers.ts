import path from 'node:path';
import type { ProviderDefinition } from '../../activities/providers/definition';
import * as kit from '../../activities/providers/public';
import { loadModule } from '../../activities/tools/load-tools';
import { HoldfastError } from '../../protocol/failures';
import { PROVIDERS_FOLDER, providerFiles } from './provider-files';

/**
 * A project's own providers. A file is run when it is loaded: it is the user's own code and has the worker's rights.
 * @throws HoldfastError `Config.Invalid` naming the file and what is wrong with it.
 */
export async function loadProviders(root: string): Promise<ProviderDefinition[]> {
  return Promise.all(providerFiles(root).map(({ name, file }) => loadProvider(path.join(root, file), name)));
}

/**
 * The provider of one file.
 * @param name what it must be called. Default: any name.
 * @throws HoldfastError `Config.Invalid`.
 */
export async function loadProvider(file: string, name?: string): Promise<ProviderDefinition> {
  const exported = (await moduleOf(file)) as { default?: unknown };
  const definition = exported.default;
  if (!isProvider(definition)) {
    throw invalid(file, 'exports no provider', "Write `export default defineProvider({…})`, from 'holdfast/provider'.");
  }
  if (name === undefined || definition.name === name) return definition;
  const named = JSON.stringify(definition.name);
  throw invalid(
    file,
    `its provider is called ${named}`,
    `Call the file ${definition.name}.ts, or the provider "${name}".`,
  );
}

async function moduleOf(file: string): Promise<unknown> {
  try {
    return Object(await loadModule(file, { modules: { 'holdfast/provider': kit } }));
  } catch (error) {
    // The loader takes every file for a tool's.
    const { message } = error as Error;
    const said = message.startsWith(`${path.basename(file)}: `)
      ? message.slice(path.basename(file).length + 2)
      : message;
    throw invalid(file, said, undefined, error);
  }
}

function isProvider(value: unknown): value is ProviderDefinition {
  const { name, defaultModel, create } = Object(value) as Partial<ProviderDefinition>;
  return typeof name === 'string' && typeof defaultModel === 'string' && typeof create === 'function';
}

function invalid(
  file: string,
  problem: string,
  hint = 'docs/adding-a-provider.md has what one looks like.',
  cause?: unknown,
) {
  return new HoldfastError('Config.Invalid', `${PROVIDERS_FOLDER}/${path.basename(file)}: ${problem}`, {
    hint,
    ...(cause !== undefined && { cause }),
    details: { file },
  });
}
