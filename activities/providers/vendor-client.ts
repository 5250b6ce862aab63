import type { FailureCode } from '../../protocol/failures';
import { Connection } from './connection';
import type { Environment, ProviderSettings } from './definition';
import { type ConnectionStats, type ModelCall, ProviderError } from './provider';
import { type ServerSentEvent, serverSentEvents } from './server-sent-events';
import { codeOfStatus, connectionFailure, type ErrorContext, exchange, providerError } from './vendor-errors';
import { correlationHeader } from './wire-text';

const IDLE_MS = 60_000;

/** What a `VendorClient` must know of a vendor: where it is, and how it takes its key. */
export interface Vendor {
  /** The provider's name in routes. */
  name: string;
  /** The vendor's own address, e.g. `https://api.acme.example/v1`. */
  baseURL: string;
  /** The environment variable that names another server with the same protocol. Default: none. */
  urlVariable?: string;
  /** The environment variable that holds the key. */
  keyVariable: string;
  /** How a request carries the key. Default: `Authorization: Bearer`. */
  keyHeaders?(key: string): Record<string, string>;
  /** What the vendor's own words for an error mean (`error.code` or `error.type`), where they say more than the HTTP status. */
  codes?: Readonly<Record<string, FailureCode>>;
}

/** What a vendor says of a failure, in a body or in a stream. */
export interface VendorError {
  code?: unknown;
  type?: unknown;
  message?: unknown;
}

/**
 * HTTP to a vendor without an SDK, under the contract of `ModelProvider`: kept connections, limits on silence, aborts that end the
 * request, and nothing thrown but `ProviderError` or the signal's reason. Never retries.
 *
 * @example
 * ```ts
 * import { type Environment, type ModelCall, type ProviderSettings, VendorClient } from 'holdfast/provider';
 *
 * const ACME = { name: 'acme', baseURL: 'https://api.acme.example/v1', keyVariable: 'ACME_API_KEY' };
 *
 * export const acmeClient = (settings: ProviderSettings, env: Environment) => new VendorClient(ACME, settings, env);
 *
 * export async function models(client: VendorClient, call: ModelCall): Promise<string[]> {
 *   const { data } = (await client.get('/models', call)) as { data: { id: string }[] };
 *   return data.map(({ id }) => id);
 * }
 * ```
 */
export class VendorClient {
  /** As the settings name it, else the vendor's name. */
  readonly name: string;
  private readonly connection = new Connection();
  private readonly context: ErrorContext;
  private readonly fetch: typeof fetch;

  /** @throws ProviderError `Model.MissingKey` when there is no key for the vendor's own server. */
  constructor(
    private readonly vendor: Vendor,
    settings: ProviderSettings,
    env: Environment,
  ) {
    const { keyVariable, urlVariable } = vendor;
    this.name = settings.name ?? vendor.name;
    const baseURL = settings.baseURL || (urlVariable !== undefined && env[urlVariable]) || vendor.baseURL;
    const apiKey = settings.apiKey ?? env[keyVariable];
    this.context = { provider: this.name, baseURL: baseURL.replace(/\/+$/, ''), keyVariable, apiKey };
    this.fetch = this.connection.fetchWith({ idleMs: IDLE_MS, ...settings.timeouts });
    if (apiKey || baseURL !== vendor.baseURL) return;
    throw new ProviderError('Model.MissingKey', `${this.name} needs ${keyVariable}`, {
      hint: `Set the environment variable ${keyVariable}.`,
    });
  }

  /** Requests so far, and how many of them found an open connection. */
  connectionStats(): ConnectionStats {
    return { ...this.connection.stats };
  }

  /**
   * Posts a request and hands over the events of its answer as they come. What `take` throws ends the request: a
   * `ProviderError` as it is, anything else as `Model.BadResponse`.
   * @returns the vendor's id of the request, where it has one.
   */
  stream(
    path: string,
    body: object,
    call: ModelCall,
    take: (event: ServerSentEvent) => void,
  ): Promise<string | undefined> {
    return this.exchange(call, async (state) => {
      const response = await this.request(path, call, { method: 'POST', body: JSON.stringify(body) });
      state.streaming = true;
      for await (const event of serverSentEvents(response.body)) take(event);
      return response.headers.get('x-request-id') ?? undefined;
    });
  }

  /** Reads JSON from the vendor. */
  get(path: string, call: ModelCall): Promise<unknown> {
    return this.exchange(call, async () => (await this.request(path, call, { method: 'GET' })).json());
  }

  /** The classified error for what the vendor says went wrong. */
  failure({ code, type, message }: VendorError, response?: Response): ProviderError {
    const status = response?.status;
    const { codes = {} } = this.vendor;
    const named = [code, type].map((name) => (Object.hasOwn(codes, String(name)) ? codes[String(name)] : undefined));
    const text = typeof message === 'string' && message ? message : 'the vendor gave no reason';
    return providerError(
      {
        code: named.find(Boolean) ?? (status === undefined ? 'Model.Unavailable' : codeOfStatus(status)),
        text,
        ...(response && { status: response.status, headers: response.headers }),
        requestId: response?.headers.get('x-request-id') ?? null,
        cause: new Error(text),
      },
      this.context,
    );
  }

  private exchange<T>({ signal }: ModelCall, run: (state: { streaming: boolean }) => Promise<T>): Promise<T> {
    const state = { streaming: false };
    return exchange(
      signal,
      (error) => connectionFailure(error, state.streaming, this.context),
      () => run(state),
    );
  }

  private async request(path: string, { signal, correlationId }: ModelCall, init: RequestInit): Promise<Response> {
    const { baseURL, apiKey } = this.context;
    const { keyHeaders = (key: string) => ({ authorization: `Bearer ${key}` }) } = this.vendor;
    const headers = {
      'content-type': 'application/json',
      ...(apiKey && keyHeaders(apiKey)),
      ...correlationHeader(correlationId),
    };
    const response = await this.fetch(`${baseURL}${path}`, { ...init, headers, signal });
    if (response.ok) return response;
    throw this.failure(errorIn(await response.text()), response);
  }
}

/** Vendors put it under `error`, as an object or as a text, or send something of a proxy's. */
function errorIn(text: string): VendorError {
  try {
    const body = JSON.parse(text) as { error?: VendorError | string } & VendorError;
    return typeof body.error === 'string' ? { message: body.error } : (body.error ?? body);
  } catch {
    return { message: text };
  }
}
