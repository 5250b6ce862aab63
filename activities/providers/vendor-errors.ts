import { type FailureCode, HoldfastError } from '../../protocol/failures';
import { LostError, StallError } from './connection';
import { ProviderError } from './provider';

/** What the vendors' errors have in common; what differs is in the adapters' own mappers. */

/** A vendor that asks for more is asking for a person. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;
const MAX_TEXT = 600;

/**
 * The vendor's wish from `retry-after-ms` or `Retry-After` (seconds or an HTTP date), in milliseconds, at most ten minutes;
 * undefined when it has none or none that makes sense.
 */
export function retryAfterOf(headers: Headers | undefined, now = Date.now()): number | undefined {
  const exact = positive(headers?.get('retry-after-ms'));
  const seconds = positive(headers?.get('retry-after'));
  const date = Date.parse(headers?.get('retry-after') ?? '');
  // By the vendor's own clock, where it tells it: ours may have been set back.
  const sent = Date.parse(headers?.get('date') ?? '') || now;
  const wish =
    exact ?? (seconds === undefined ? undefined : seconds * 1_000) ?? (date > sent ? date - sent : undefined);
  return wish === undefined ? undefined : Math.min(Math.ceil(wish), MAX_RETRY_AFTER_MS);
}

function positive(text: string | null | undefined): number | undefined {
  const value = Number(text?.trim() || Number.NaN);
  return value > 0 ? value : undefined;
}

/** The code of an HTTP status where the body says nothing better. */
export function codeOfStatus(status: number): FailureCode {
  return STATUS_CODE[status] ?? (status >= 500 ? 'Model.Unavailable' : 'Model.InvalidRequest');
}

const STATUS_CODE: Partial<Record<number, FailureCode>> = {
  301: 'Model.NotFound',
  302: 'Model.NotFound',
  307: 'Model.NotFound',
  308: 'Model.NotFound',
  401: 'Model.Auth',
  402: 'Model.QuotaExhausted',
  403: 'Model.Auth',
  404: 'Model.NotFound',
  405: 'Model.NotFound',
  408: 'Model.Timeout',
  409: 'Model.Unavailable',
  413: 'Model.ContextTooLong',
  425: 'Model.Unavailable',
  429: 'Model.RateLimited',
  498: 'Model.Auth',
  499: 'Model.Unavailable',
  504: 'Model.Unavailable',
  529: 'Model.Overloaded',
};

/** What a person can do, by code; the adapters name their own key variable. */
const HINT: Partial<Record<FailureCode, string>> = {
  'Model.RateLimited': 'The call is tried again after the delay; lower the concurrency or ask for a higher limit.',
  'Model.Overloaded': 'The vendor is short of capacity; the call is tried again.',
  'Model.Timeout': 'The call is tried again; slow local models need larger `timeouts` in the provider’s settings.',
  'Model.Unavailable': 'The call is tried again; check the base URL, the network and the vendor’s status page.',
  'Model.BadResponse':
    'The call is tried again; when it keeps happening, check that the base URL speaks this protocol.',
  'Model.InvalidRequest': 'The vendor does not accept this request; check the model’s features and parameters.',
  'Model.NotFound': 'Check the model name and the base URL.',
  'Model.ContextTooLong': 'Shorten the input, or use a model with a larger window.',
  'Model.AnswerTooLong': 'Ask for less at once, or raise `maxAnswerChars` in the provider’s settings.',
  'Model.Refused': 'The vendor’s policy forbids the request; change what is asked.',
  'Model.QuotaExhausted': 'Top up the vendor account or raise its spending limit, then run again.',
};

export interface ErrorContext {
  /** The provider's name in routes. */
  provider: string;
  baseURL: string;
  keyVariable: string;
  apiKey: string | undefined;
}

/** The vendor's own words on a failed request. */
export interface VendorFailure {
  code: FailureCode;
  text: string;
  status?: number;
  headers?: Headers;
  requestId?: string | null;
  cause: unknown;
}

/** The error a person meets: who failed, what was said, without secrets. */
export function providerError(failure: VendorFailure, context: ErrorContext): ProviderError {
  const { code, status, headers, requestId } = failure;
  const text = redact(failure.text, context.apiKey);
  const hint = code === 'Model.Auth' ? `Check ${context.keyVariable} and what it may use.` : HINT[code];
  const retryAfterMs = code === 'Model.RateLimited' || (status ?? 0) >= 500 ? retryAfterOf(headers) : undefined;
  return new ProviderError(code, `${context.provider}${status ? ` (${status})` : ''}: ${text}`, {
    ...(hint !== undefined && { hint }),
    ...(status !== undefined && { status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(requestId && { requestId }),
    cause: new Error(redact(describe(failure.cause), context.apiKey)),
  });
}

const KEY_SHAPES = /\b(?:sk|pk|rk)-[A-Za-z0-9_*-]{6,}|(?<=Bearer )\S+/g;

/** Without API keys, on one line, of readable length. Vendors quote the key they refuse. */
export function redact(text: string, apiKey: string | undefined): string {
  const clean = apiKey && apiKey.length >= 6 ? text.split(apiKey).join('[key]') : text;
  const line = clean.replace(KEY_SHAPES, '[key]').replace(/\s+/g, ' ').trim();
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/**
 * A failure without a vendor's answer: no connection, silence, a cut stream, or something unreadable.
 * @param streaming whether the answer had begun: then a lost connection is a cut answer.
 */
export function connectionFailure(error: unknown, streaming: boolean, context: ErrorContext): ProviderError {
  const chain = causes(error);
  const stall = chain.find((cause) => cause instanceof StallError);
  if (stall) return providerError({ code: 'Model.Timeout', text: stall.message, cause: error }, context);
  const code = chain.find((cause) => cause instanceof LostError)?.code;
  if (code === undefined) {
    const text = `unreadable answer: ${describe(error)}`;
    return providerError({ code: 'Model.BadResponse', text, cause: error }, context);
  }
  if (streaming) {
    return providerError(
      { code: 'Model.BadResponse', text: `the answer was cut off (${code})`, cause: error },
      context,
    );
  }
  const host = new URL(context.baseURL).host;
  const late = code === 'ETIMEDOUT';
  return providerError(
    { code: late ? 'Model.Timeout' : 'Model.Unavailable', text: `cannot reach ${host} (${code})`, cause: error },
    context,
  );
}

/** The error and what caused it, outermost first. */
function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at instanceof Error && chain.length < 8; at = at.cause) chain.push(at);
  return chain;
}

/**
 * Runs one exchange with a vendor under the contract: what comes out is the result, a `ProviderError`, or the signal's
 * reason after an abort.
 */
export async function exchange<T>(
  signal: AbortSignal,
  toError: (error: unknown) => ProviderError,
  run: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  try {
    const result = await run();
    // The SDKs end a stream quietly when it is aborted.
    signal.throwIfAborted();
    return result;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw HoldfastError.is(error) ? error : toError(error);
  }
}

const NO_CONNECTION = /^\S+: cannot reach \S+ \((ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\)/;

/** Whether there was no connection on which the request could have gone out. */
export function neverSent({ code, message }: HoldfastError): boolean {
  return code === 'Model.Unavailable' && NO_CONNECTION.test(message);
}
