import { readFile } from 'node:fs/promises';
import { HoldfastError } from '../../protocol/failures';

export interface VaultOptions {
  /** `VAULT_ADDR`, `VAULT_NAMESPACE`, and `VAULT_TOKEN` or `VAULT_TOKEN_FILE`, which is read again when a token is refused. */
  env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds one request may take. Default 5,000. */
  timeoutMs?: number;
}

/** Reads version 2 of Vault's key-value store. */
export class Vault {
  constructor(private readonly options: VaultOptions) {}

  /**
   * The newest version of a secret's keys.
   * @throws HoldfastError `Secret.Missing`, `Secret.Unavailable`. Neither says what Vault answered: it may repeat what it was sent.
   */
  async read(mount: string, path: string): Promise<Record<string, unknown>> {
    let answer = await this.request(mount, path);
    // The token may have been renewed since.
    if (answer.status === 403) answer = await this.request(mount, path);
    const { status } = answer;
    if (status === 404) throw missing(`Vault has no secret ${mount}/${path}`);
    if (status === 403) throw missing(`Vault does not let this worker read ${mount}/${path}`);
    if (status !== 200) throw unavailable(`Vault answered ${status} for ${mount}/${path}`);
    const body = (await answer.json().catch(() => undefined)) as { data?: { data?: unknown } } | undefined;
    const data = body?.data?.data;
    if (typeof data !== 'object' || data === null) throw missing(`${mount}/${path} holds nothing in Vault`);
    return data as Record<string, unknown>;
  }

  private async request(mount: string, path: string): Promise<Response> {
    const { env, timeoutMs = 5_000 } = this.options;
    const address = env.VAULT_ADDR;
    if (!address) throw missing('VAULT_ADDR does not say where Vault is');
    const headers = {
      'X-Vault-Token': await this.token(),
      'X-Vault-Request': 'true',
      ...(env.VAULT_NAMESPACE && { 'X-Vault-Namespace': env.VAULT_NAMESPACE }),
    };
    const url = `${address.replace(/\/+$/, '')}/v1/${mount}/data/${path}`;
    try {
      // A redirect would carry the token to wherever it leads.
      return await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      throw unavailable(`Vault did not answer: ${(error as Error).name}`);
    }
  }

  private async token(): Promise<string> {
    const { VAULT_TOKEN: token, VAULT_TOKEN_FILE: file } = this.options.env;
    if (file) return (await readFile(file, 'utf8').catch(() => '')).trim() || noToken();
    return token || noToken();
  }
}

function noToken(): never {
  throw missing('there is no token for Vault');
}

function missing(message: string): HoldfastError {
  const hint =
    'VAULT_ADDR, VAULT_TOKEN or VAULT_TOKEN_FILE, and VAULT_NAMESPACE are read from the environment of the worker.';
  return new HoldfastError('Secret.Missing', message, { hint });
}

function unavailable(message: string): HoldfastError {
  return new HoldfastError('Secret.Unavailable', message, {
    hint: 'Is it running, unsealed, and reachable from the worker?',
  });
}
