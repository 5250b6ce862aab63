import { readdirSync } from 'node:fs';
import path from 'node:path';

/** Where a project keeps adapters of model vendors of its own. */
export const PROVIDERS_FOLDER = 'providers';

const PROVIDER_FILE = /^([a-z][a-z0-9-]*)\.[cm]?[jt]s$/;

/** The providers of a project, one a file, which is called as its provider is. Nothing is loaded. */
export function providerFiles(root: string): { name: string; file: string }[] {
  return namesIn(path.join(root, PROVIDERS_FOLDER)).flatMap((entry) => {
    const name = PROVIDER_FILE.exec(entry)?.[1];
    return name === undefined ? [] : [{ name, file: path.join(PROVIDERS_FOLDER, entry) }];
  });
}

/** Of a folder that is not there, or cannot be read, nothing is known. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
