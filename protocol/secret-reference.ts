/** Where a secret is kept. */
export type SecretReference =
  | { from: 'env'; variable: string }
  | { from: 'file'; path: string }
  | { from: 'vault'; mount: string; path: string; key: string };

const ENV = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;
const FILE = /^file:(.+)$/;
const VAULT = /^vault:([\w-]+)\/([\w.-]+(?:\/[\w.-]+)*)#(.+)$/;

/** The name of a secret, as tools ask for it. */
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/;

/** Says nothing of the text itself: somebody may have written the secret in place of a reference. */
export const REFERENCE_FORMS = 'env:VARIABLE, file:PATH or vault:MOUNT/PATH#KEY';

/** @returns undefined for a text that is no reference. */
export function parseReference(text: string): SecretReference | undefined {
  const variable = ENV.exec(text)?.[1];
  if (variable !== undefined) return { from: 'env', variable };
  const path = FILE.exec(text)?.[1];
  if (path !== undefined) return { from: 'file', path };
  const [, mount, at, key] = VAULT.exec(text) ?? [];
  if (mount === undefined || at === undefined || key === undefined) return undefined;
  return at.split('/').some((part) => /^\.+$/.test(part)) ? undefined : { from: 'vault', mount, path: at, key };
}
