import type { Client } from '@temporalio/client';
import { HoldfastClient } from '../../../client';
import { checkGivenId, checkMessageId, checkPayload, checkQuery } from '../../../client/checks';
import { toClientError } from '../../../client/errors';

const refused = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message), hint: expect.any(String) });

describe('ids of runs that anybody may have started', () => {
  test.each(['a', 'parent/child', 'mit Leerzeichen', 'ünï', '😀', '..', '-x', 'x'.repeat(1_000)])(
    '%j may be one',
    (id) => {
      expect(checkGivenId(id)).toBe(id);
    },
  );

  test.each(['', 'x'.repeat(1_001), '😀'.repeat(251), '\ud800'])('%j is none', (id) => {
    expect(() => checkGivenId(id)).toThrow(refused('Input.Invalid', 'no run can have the id'));
  });

  test('one of ten thousand characters is not repeated whole', () => {
    const problem = (): unknown => checkGivenId('x'.repeat(10_000));
    expect(problem).toThrow(refused('Input.Invalid', '(10000 characters)'));
    expect(problem).toThrow(expect.objectContaining({ message: expect.not.stringContaining('x'.repeat(101)) }));
  });

  test('the client refuses them before it asks the server', async () => {
    const asked = { workflow: { getHandle: () => ({}) } } as unknown as Client;
    const holdfast = new HoldfastClient(asked, { by: 'test' });
    for (const act of [() => holdfast.get(''), () => holdfast.getChat('')])
      expect(act).toThrow(refused('Input.Invalid', ''));
    await expect(holdfast.cancel('')).rejects.toEqual(refused('Input.Invalid', ''));
    await expect(holdfast.describe('\ud800')).rejects.toEqual(refused('Input.Invalid', ''));
  });
});

describe('what is sent to a run', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;

  test.each<[string, object, string, string]>([
    [
      '2.5 MB, which the server would take a minute to refuse',
      { text: 'x'.repeat(2_500_000) },
      'Input.TooLarge',
      '1500000 is the most',
    ],
    ['5 MB, above what one request may have', { input: 'x'.repeat(5_000_000) }, 'Input.TooLarge', '5000002 bytes'],
    ['many that are too large together', { a: 'x'.repeat(800_000), b: 'x'.repeat(800_000) }, 'Input.TooLarge', 'bytes'],
    ['a cycle', { input: cyclic }, 'Input.Invalid', 'no JSON form'],
    ['a bigint', { input: { n: 1n } }, 'Input.Invalid', 'no JSON form'],
    ['a function', { input: () => 1 }, 'Input.Invalid', 'it is a function'],
  ])('%s is refused', (_what, asked, code, message) => {
    expect(() => checkPayload(asked)).toThrow(refused(code, message));
  });

  test('what fits is not', () => {
    expect(() => checkPayload({ input: 'x'.repeat(1_400_000), reason: undefined })).not.toThrow();
  });

  test.each(['', 'x'.repeat(256), '\ud800'])('the message id %j is refused', (id) => {
    expect(() => checkMessageId(id)).toThrow(refused('Input.Invalid', 'id of a message'));
  });

  test('a list filter longer than anybody writes is refused', () => {
    expect(() => checkQuery('x'.repeat(10_001))).toThrow(refused('Input.TooLarge', '10000 is the most'));
  });
});

describe('what the server says of sizes', () => {
  const grpc = (code: number, details: string) => Object.assign(new Error(details), { code, details, metadata: {} });

  test.each([
    [3, 'Blob data size exceeds limit.', 'Input.TooLarge'],
    [8, 'grpc: received message larger than max (5000173 vs. 4194304)', 'Input.TooLarge'],
    [3, 'anything else', 'Input.Invalid'],
  ])('%i %s', (code, details, expected) => {
    expect(toClientError(grpc(code, details), 'r')).toEqual(refused(expected, details));
  });
});
