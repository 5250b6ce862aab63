import { answerMs, withinTime } from '../../../activities/model/time-limit';

/** Work that never ends by itself. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('an answer must be over a little before its attempt', () => {
  expect(answerMs(900_000)).toBe(895_000);
  expect(answerMs(4_000)).toBe(2_000);
});

describe('the time of an answer', () => {
  const idle = new AbortController().signal;

  test('passes on what is done in time', async () => {
    await expect(withinTime(60_000, idle, async () => 'answer')).resolves.toBe('answer');
  });

  test('ends an endless answer before the server would have it paid for again', async () => {
    await expect(withinTime(20, idle, endless)).rejects.toMatchObject({
      code: 'Model.AnswerTooLong',
      hint: expect.stringContaining('maxOutputTokens'),
    });
  });

  test('leaves a cancellation and a failure what they are', async () => {
    const cancel = new AbortController();
    const work = withinTime(60_000, cancel.signal, endless);
    cancel.abort(new Error('cancelled'));
    await expect(work).rejects.toThrow('cancelled');
    await expect(withinTime(60_000, idle, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });
});
