import type { FailureCode } from '../../protocol/failures';
import type { ProviderError } from './provider';
import { codeOfStatus, connectionFailure, type ErrorContext, providerError } from './vendor-errors';

/** What the SDK's `APIError` and the vendor's error objects have in common. */
interface OpenAIFailure {
  status?: number;
  headers?: Headers;
  requestID?: string | null;
  error?: { code?: string | number | null; type?: string | null; message?: unknown } | string | null;
}

const CODE: Record<string, FailureCode> = {
  insufficient_quota: 'Model.QuotaExhausted',
  billing_hard_limit_reached: 'Model.QuotaExhausted',
  rate_limit_exceeded: 'Model.RateLimited',
  rate_limit_error: 'Model.RateLimited',
  slow_down: 'Model.Overloaded',
  server_is_overloaded: 'Model.Overloaded',
  overloaded_error: 'Model.Overloaded',
  server_error: 'Model.Unavailable',
  internal_server_error: 'Model.Unavailable',
  vector_store_timeout: 'Model.Unavailable',
  context_length_exceeded: 'Model.ContextTooLong',
  string_above_max_length: 'Model.ContextTooLong',
  model_not_found: 'Model.NotFound',
  invalid_api_key: 'Model.Auth',
  content_policy_violation: 'Model.Refused',
  content_filter: 'Model.Refused',
  bio_policy: 'Model.Refused',
  cyber_policy: 'Model.Refused',
  image_content_policy_violation: 'Model.Refused',
  invalid_prompt: 'Model.Refused',
};

/** Compatible servers say it in words only. */
const CONTEXT_TEXT =
  /maximum context length|context (?:length|window|size)[^.]{0,40}exceed|exceed[^.]{0,60}context|(?:prompt|input) (?:is )?too (?:long|large)|too many (?:input )?tokens/i;

/** Turns whatever the OpenAI SDK threw, or an error object from its stream, into a classified failure. */
export function openaiError(thrown: unknown, streaming: boolean, context: ErrorContext): ProviderError {
  const failure = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as OpenAIFailure;
  const { status, headers, requestID } = failure;
  if (status === undefined && failure.error === undefined) return connectionFailure(thrown, streaming, context);
  const { code, text } = read(failure);
  return providerError(
    {
      code,
      text,
      ...(status !== undefined && { status }),
      ...(headers && { headers }),
      ...(requestID && { requestId: requestID }),
      cause: thrown,
    },
    context,
  );
}

function read({ status, error }: OpenAIFailure): { code: FailureCode; text: string } {
  const body = typeof error === 'object' && error !== null ? error : { message: error };
  const named = [body.code, body.type].map((name) => (typeof name === 'string' ? CODE[name] : undefined)).find(Boolean);
  const text = typeof body.message === 'string' && body.message ? body.message : 'the vendor gave no reason';
  // Some servers put the HTTP status into the code of an error sent in the stream.
  const known = status ?? (typeof body.code === 'number' ? body.code : undefined);
  if (named && named !== 'Model.Unavailable') return { code: named, text };
  if (CONTEXT_TEXT.test(text) && (known === undefined || known < 500)) return { code: 'Model.ContextTooLong', text };
  return { code: known === undefined ? (named ?? 'Model.Unavailable') : codeOfStatus(known), text };
}
