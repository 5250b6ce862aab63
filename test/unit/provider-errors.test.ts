import { AnswerSize, isWholeJson, toolCall } from '../../activities/providers/answer';
import { anthropicError } from '../../activities/providers/anthropic-errors';
import { LostError } from '../../activities/providers/connection';
import { openaiError } from '../../activities/providers/openai-errors';
import { ProviderError } from '../../activities/providers/provider';
import { codeOfStatus, exchange, redact, retryAfterOf } from '../../activities/providers/vendor-errors';
import { correlationHeader, wireArguments, wireId, wireName } from '../../activities/providers/wire-text';

const context = { provider: 'own', baseURL: 'http://host:1/v1', keyVariable: 'OWN_KEY', apiKey: 'secret-key-value' };

describe('retry delays', () => {
  const wish = (headers: Record<string, string>) => retryAfterOf(new Headers(headers), Date.UTC(2026, 0, 1));
  it.each([
    [{}, undefined],
    [{ 'retry-after': '0' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, 9_000],
    [{ 'retry-after': 'Thu, 01 Jan 2027 00:00:00 GMT' }, 600_000],
    [{ 'retry-after': '2', 'retry-after-ms': '150' }, 150],
    [{ 'retry-after-ms': 'NaN', 'retry-after': '1' }, 1_000],
    [{ 'retry-after': 'Infinity' }, 600_000],
  ])('%j is %s ms', (headers, expected) => expect(wish(headers as Record<string, string>)).toBe(expected));

  it('is undefined without headers', () => expect(retryAfterOf(undefined)).toBeUndefined());
});

describe('statuses', () => {
  it.each([
    [418, 'Model.InvalidRequest'],
    [599, 'Model.Unavailable'],
    [308, 'Model.NotFound'],
  ])('%s is %s', (status, code) => expect(codeOfStatus(status)).toBe(code));
});

describe('redaction', () => {
  it('hides the key, whatever its shape, and things that look like keys', () => {
    expect(redact('got secret-key-value, Bearer abc.def and sk-ant-api03-xyz_123', 'secret-key-value')).toBe(
      'got [key], Bearer [key] and [key]',
    );
  });
  it('keeps words when the key is absent or too short to be one', () => {
    expect(redact('a b\n c', undefined)).toBe('a b c');
    expect(redact('none of none', 'none')).toBe('none of none');
  });
  it('keeps messages readable', () => expect(redact('x'.repeat(5_000), undefined)).toHaveLength(601));
});

describe('the mappers', () => {
  it.each([
    ['openai', openaiError],
    ['anthropic', anthropicError],
  ])('%s: anything thrown is classified', (_, map) => {
    for (const thrown of [undefined, null, 'text', 7, new Error('odd'), new SyntaxError('bad JSON')]) {
      expect(map(thrown, true, context)).toMatchObject({ code: 'Model.BadResponse', name: 'HoldfastError' });
    }
    const late = new Error('outer', { cause: new LostError('ETIMEDOUT', 'late') });
    expect(map(late, false, context).code).toBe('Model.Timeout');
    expect(map(new LostError('ENOTFOUND', 'x'), false, context).message).toBe('own: cannot reach host:1 (ENOTFOUND)');
    expect(map(new LostError('ECONNRESET', 'x'), true, context).code).toBe('Model.BadResponse');
  });

  it.each([
    [{ error: { code: 503, message: 'gone' } }, 'Model.Unavailable'],
    [{ error: { code: 400, message: 'prompt is too long' } }, 'Model.ContextTooLong'],
    [{ error: { type: 'server_error' } }, 'Model.Unavailable'],
    [{ error: null }, 'Model.Unavailable'],
    [{ error: 'plain words' }, 'Model.Unavailable'],
    [{ status: 400, error: { code: 'model_not_found', message: 'x' } }, 'Model.NotFound'],
    [{ status: 500, error: { message: 'exceeded context length' } }, 'Model.Unavailable'],
    [{ status: 404, error: { message: 'model "x" not found, try pulling it first' } }, 'Model.NotFound'],
  ])('openai: %j is %s', (thrown, code) => expect(openaiError(thrown, true, context).code).toBe(code));

  it.each([
    [{ error: { error: { type: 'overloaded_error', message: 'x' } } }, 'Model.Overloaded'],
    [{ error: { error: { type: 'new_kind_of_error' } } }, 'Model.Unavailable'],
    [{ error: 'plain words' }, 'Model.Unavailable'],
    [{ error: null }, 'Model.Unavailable'],
    [{ status: 504, error: { error: { type: 'timeout_error' } } }, 'Model.Unavailable'],
    [{ status: 400, error: 'input length and `max_tokens` exceed context limit' }, 'Model.ContextTooLong'],
    [{ status: 403, error: { error: { type: 'permission_error', message: 'no' } } }, 'Model.Auth'],
    [{ status: 400, error: { error: { type: 'billing_error', message: 'pay' } } }, 'Model.QuotaExhausted'],
  ])('anthropic: %j is %s', (thrown, code) => expect(anthropicError(thrown, true, context).code).toBe(code));
});

describe('an exchange', () => {
  const never = new AbortController().signal;
  const map = () => new ProviderError('Model.BadResponse', 'mapped');

  it('passes results and classified errors on, and maps the rest', async () => {
    const own = new ProviderError('Model.AnswerTooLong', 'own');
    await expect(exchange(never, map, async () => 1)).resolves.toBe(1);
    await expect(exchange(never, map, () => Promise.reject(own))).rejects.toBe(own);
    await expect(exchange(never, map, () => Promise.reject(new Error('x')))).rejects.toThrow('mapped');
  });

  it('throws the reason after an abort, even when the call ended quietly', async () => {
    const controller = new AbortController();
    const quiet = exchange(controller.signal, map, async () => controller.abort(new Error('stop')));
    await expect(quiet).rejects.toThrow('stop');
  });
});

describe('answers', () => {
  it('are capped', () => {
    const size = new AnswerSize(5);
    size.add('12345');
    size.add(undefined);
    expect(() => size.add('6')).toThrow(expect.objectContaining({ code: 'Model.AnswerTooLong' }));
    expect(() => new AnswerSize().add('x'.repeat(1_000_000))).not.toThrow();
    expect(() => new AnswerSize().add('x'.repeat(1_000_001))).toThrow('longer than 1000000');
  });

  it.each<[string, object]>([
    ['{"a":[1,{"b":"}"}]}', { arguments: { a: [1, { b: '}' }] } }],
    ['  ', { arguments: {} }],
    ['{"a":"say \\"hi\\"",}', { arguments: { a: 'say "hi"' } }],
    ["{'a':'}',}", { arguments: { a: '}' } }],
    ['[1,2', { malformed: '[1,2' }],
    ['not json', { malformed: 'not json' }],
    ['{"a":1}}', { malformed: '{"a":1}}' }],
    ['{"a":{"b":1}', { malformed: '{"a":{"b":1}' }],
    ['{"a":"b\\', { malformed: '{"a":"b\\' }],
  ])('%s is read as %j', (text, expected) => {
    expect(toolCall('i', 'n', text)).toEqual({ type: 'tool-call', id: 'i', name: 'n', ...expected });
  });

  it('never makes a call out of the first part of one', () => {
    const whole = JSON.stringify({
      path: 'a/b',
      edits: [
        { at: 1, text: 'x } y' },
        { at: 2, text: "it's" },
      ],
      deep: { ok: true },
    });
    for (let end = 1; end < whole.length; end++) {
      expect(toolCall('i', 'n', whole.slice(0, end))).toHaveProperty('malformed', whole.slice(0, end));
      expect(isWholeJson(whole.slice(0, end))).toBe(false);
    }
    expect(isWholeJson(whole)).toBe(true);
  });
});

describe('wire text', () => {
  it('makes ids, names and headers acceptable', () => {
    expect([wireId('a|b'), wireId(''), wireId('x'.repeat(80)).length]).toEqual(['a_b', 'call', 64]);
    expect([wireName('a.b'), wireName('')]).toEqual(['a_b', 'unnamed']);
    expect(correlationHeader(undefined)).toEqual({});
    expect(correlationHeader('a\r\nb')).toEqual({ 'X-Client-Request-Id': 'a__b' });
  });
  it('makes arguments an object', () => {
    const call = { type: 'tool-call' as const, id: 'i', name: 'n' };
    expect(wireArguments(call)).toEqual({});
    expect(wireArguments({ ...call, arguments: null })).toEqual({});
    expect(wireArguments({ ...call, arguments: 'x' })).toEqual({ value: 'x' });
    expect(wireArguments({ ...call, arguments: { a: 1 } })).toEqual({ a: 1 });
  });
});
