import type { FailureCode } from '../../protocol/failures';
import type { ProviderError } from './provider';
import { codeOfStatus, connectionFailure, type ErrorContext, providerError } from './vendor-errors';

/** What the SDK's `APIError` has, with the response's body in `error`. */
interface AnthropicFailure {
  status?: number;
  headers?: Headers;
  requestID?: string | null;
  error?: { error?: { type?: string; message?: unknown }; request_id?: string } | string | null;
}

const CODE: Record<string, FailureCode> = {
  rate_limit_error: 'Model.RateLimited',
  overloaded_error: 'Model.Overloaded',
  api_error: 'Model.Unavailable',
  timeout_error: 'Model.Timeout',
  authentication_error: 'Model.Auth',
  permission_error: 'Model.Auth',
  not_found_error: 'Model.NotFound',
  billing_error: 'Model.QuotaExhausted',
  request_too_large: 'Model.ContextTooLong',
  invalid_request_error: 'Model.InvalidRequest',
};

const CONTEXT_TEXT =
  /prompt is too long|input length and `?max_tokens`? exceed|exceed[^.]{0,40}context|context (?:window|limit)[^.]{0,40}exceed|request too large/i;
const CREDIT_TEXT = /credit balance is too low|usage limits?\b[^.]*\b(reached|exceeded|regain)/i;
const POLICY_TEXT = /content filtering policy|usage policy/i;

/** Turns whatever the Anthropic SDK threw, also out of a running stream, into a classified failure. */
export function anthropicError(thrown: unknown, streaming: boolean, context: ErrorContext): ProviderError {
  const failure = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as AnthropicFailure;
  const { status, headers, requestID, error: body } = failure;
  if (status === undefined && body === undefined) return connectionFailure(thrown, streaming, context);
  const inner = typeof body === 'object' ? body?.error : undefined;
  const text =
    typeof inner?.message === 'string' ? inner.message : typeof body === 'string' ? body : 'the vendor gave no reason';
  return providerError(
    {
      code: codeOf(status, inner?.type, text),
      text,
      ...(status !== undefined && { status }),
      ...(headers && { headers }),
      ...(requestID && { requestId: requestID }),
      cause: thrown,
    },
    context,
  );
}

/** The body's type says more than the status: inside a stream the status is a 200 that came before. */
function codeOf(status: number | undefined, type: string | undefined, text: string): FailureCode {
  const named = type === undefined ? undefined : CODE[type];
  if (named === 'Model.InvalidRequest' || (named === undefined && (status === 400 || status === 422))) {
    if (CONTEXT_TEXT.test(text)) return 'Model.ContextTooLong';
    if (CREDIT_TEXT.test(text)) return 'Model.QuotaExhausted';
    if (POLICY_TEXT.test(text)) return 'Model.Refused';
  }
  if (status === undefined) return named ?? 'Model.Unavailable';
  const vague = named === undefined || named === 'Model.Unavailable' || named === 'Model.InvalidRequest';
  return vague || (status >= 500 && named !== 'Model.Overloaded') ? codeOfStatus(status) : named;
}
