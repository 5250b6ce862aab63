import { readFile } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { HoldfastError } from '../../protocol/failures';
import { parseReference, REFERENCE_FORMS, SECRET_NAME, type SecretReference } from '../../protocol/secret-reference';
import { Redactor } from '../tools/redactor';
import { Vault } from './vault';

export interface SecretsOptions {
  /** References by name; a name without one is an environment variable. */
  references?: Readonly<Record<string, string>>;
  env: Readonly<Record<string, string | undefined>>;
  /** How long a run may use what it was given before it is fetched again. Default 5 minutes. */
  leaseMs?: number;
  /** One that knows values already. Default: a new one. */
  redactor?: Redactor;
}

/** What a call was given: values, or why there is none. */
export type Lease = ReadonlyMap<string, string | HoldfastError>;

const LEASE_MS = 5 * 60 * 1_000;
const MAX_FILE_BYTES = 1_000_000;

/** The secrets of a worker. Values are fetched when a call needs them, and never leave the activity: the redactor knows them. */
export class Secrets {
  readonly redactor: Redactor;
  private readonly references: ReadonlyMap<string, SecretReference>;
  private readonly vault: Vault;
  private readonly leased: LRUCache<string, string>;

  /** @throws HoldfastError `Config.Invalid` for what is no reference; without repeating it. */
  constructor(private readonly options: SecretsOptions) {
    this.redactor = options.redactor ?? new Redactor();
    this.references = new Map(
      Object.entries(options.references ?? {}).map(([name, text]) => [name, referenceOf(name, text)]),
    );
    this.vault = new Vault({ env: options.env });
    this.leased = new LRUCache({ max: 1_000, ttl: options.leaseMs ?? LEASE_MS });
  }

  /**
   * What a tool declared, for a call of one run.
   * @param run whose lease it is: a value is fetched once for it, and again when the lease is over.
   */
  async lease(run: string, names: readonly string[]): Promise<Lease> {
    const entries = names.map(async (name): Promise<[string, string | HoldfastError]> => {
      try {
        return [name, await this.leaseOne(run, name)];
      } catch (error) {
        if (HoldfastError.is(error)) return [name, error];
        throw error;
      }
    });
    return new Map(await Promise.all(entries));
  }

  /**
   * The key of a model provider. All runs share it, as long as a lease is.
   * @param fresh whether it is fetched again: what was known is refused.
   * @throws HoldfastError `Secret.Missing`, `Secret.Unavailable`, `Config.Invalid` for what is no reference.
   */
  async providerKey(provider: string, text: string, fresh: boolean): Promise<string> {
    const name = `providers.${provider}.key`;
    const known = fresh ? undefined : this.leased.get(name);
    if (known !== undefined) return known;
    const value = await this.fetch(name, referenceOf(name, text));
    this.redactor.add(name, value);
    this.leased.set(name, value);
    return value;
  }

  private async leaseOne(run: string, name: string): Promise<string> {
    const key = `${run} ${name}`;
    const known = this.leased.get(key);
    if (known !== undefined) return known;
    const value = await this.fetch(name, this.references.get(name) ?? { from: 'env', variable: name });
    this.redactor.add(name, value);
    this.leased.set(key, value);
    return value;
  }

  private async fetch(name: string, reference: SecretReference): Promise<string> {
    if (reference.from === 'env') return this.options.env[reference.variable] ?? missing(name);
    if (reference.from === 'file') return readSecret(name, reference.path);
    const { mount, path, key } = reference;
    const data = await this.vault.read(mount, path);
    const value = Object.hasOwn(data, key) ? data[key] : undefined;
    return typeof value === 'string' && value !== '' ? value : missing(name);
  }
}

/** @throws HoldfastError for a secret the tool did not declare, or that could not be had. */
export function fromLease(lease: Lease, name: string, tool: string): string {
  const value = lease.get(name);
  if (typeof value === 'string') return value;
  if (value) throw value;
  throw new HoldfastError('Secret.Missing', `${tool} does not declare the secret "${name}"`, {
    hint: `Write secrets: ['${name}'] in its definition.`,
  });
}

function referenceOf(name: string, text: unknown): SecretReference {
  const reference = typeof text === 'string' && SECRET_NAME.test(name) ? parseReference(text) : undefined;
  if (reference) return reference;
  const where = name.startsWith('providers.') ? name : `secrets.${name}`;
  throw new HoldfastError('Config.Invalid', `${where}: not a reference`, { hint: `Write ${REFERENCE_FORMS}.` });
}

async function readSecret(name: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => missing(name));
  if (text.length > MAX_FILE_BYTES) missing(name);
  return text.replace(/\r?\n$/, '') || missing(name);
}

function missing(name: string): never {
  throw new HoldfastError('Secret.Missing', `there is no secret "${name}"`, {
    hint: 'Set it in the environment of the worker, or say in its settings (`secrets`) where it is.',
  });
}
