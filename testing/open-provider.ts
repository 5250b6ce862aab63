import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProviderSettings } from '../activities/providers/definition';
import type { ModelProvider } from '../activities/providers/provider';
import { loadProvider } from '../workers/project/load-providers';

/**
 * The provider of a file in `providers/`, made as a worker would make it, with nothing of the environment.
 * @param settings e.g. the `baseURL` of a server of the test's own.
 * @throws HoldfastError `Config.Invalid` when the file has none; `Model.MissingKey`.
 *
 * @example
 * ```ts
 * import { openProvider } from 'holdfast/testing';
 *
 * const acme = await openProvider('providers/acme.ts', { baseURL: 'http://127.0.0.1:8080/v1', apiKey: 'test' });
 * console.log(await acme.listModels?.({ signal: AbortSignal.timeout(1_000) }));
 * ```
 */
export async function openProvider(file: string | URL, settings: ProviderSettings): Promise<ModelProvider> {
  const full = typeof file === 'string' ? path.resolve(file) : fileURLToPath(file);
  return (await loadProvider(full)).create(settings, {});
}
