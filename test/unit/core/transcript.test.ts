import fc from 'fast-check';
import { markOf, rollDigest } from '../../../protocol/digest';
import { Transcript } from '../../../workflows/transcript';
import { assistant, marked, result, user } from '../../fixtures/messages';

function transcriptOf(...texts: string[]): Transcript {
  const transcript = new Transcript('run-1');
  for (const text of texts) transcript.append(user(text));
  return transcript;
}

describe('the pointer', () => {
  test('names what activities made by its mark, and carries small messages of the workflow itself', () => {
    const transcript = transcriptOf('go');
    const reply = marked(assistant('hello'));
    transcript.append(reply);
    expect(transcript.pointer()).toEqual({
      firstRunId: 'run-1',
      length: 2,
      digest: transcript.digest,
      delta: [user('go'), reply.mark],
    });
  });

  test('begins after what the last call has seen', () => {
    const transcript = transcriptOf('go');
    transcript.seen();
    transcript.append(user('more'));
    expect(transcript.pointer().delta).toEqual([user('more')]);
  });

  test('leaves out what is too large to ride along: all of it together is at most 4 kB', () => {
    const transcript = transcriptOf('x'.repeat(3_000), 'y'.repeat(3_000), 'z');
    expect(transcript.pointer().delta).toEqual([user('x'.repeat(3_000)), null, null]);
    expect(transcriptOf('x'.repeat(5_000)).pointer().delta).toEqual([null]);
  });

  test('does not grow with the conversation', () => {
    const transcript = new Transcript('run-1');
    for (let turn = 0; turn < 1_000; turn++) {
      transcript.append(marked(assistant('x'.repeat(1_000))));
      transcript.seen();
    }
    transcript.append(marked(assistant('y')));
    expect(JSON.stringify(transcript.pointer()).length).toBeLessThan(200);
  });
});

describe('the digest', () => {
  test('is that of each mark, or of the text where there is none, one after the other', () => {
    const messages = [user('a'), marked(assistant('b')), marked(result('c'))];
    const transcript = new Transcript('run-1');
    for (const message of messages) transcript.append(message);
    const expected = messages.reduce((sum, message) => rollDigest(sum, markOf(message) ?? JSON.stringify(message)), '');
    expect(transcript.digest).toBe(expected);
  });

  test.each([
    ['another text', ['a', 'c']],
    ['another order', ['b', 'a']],
    ['one fewer', ['a']],
    ['one more', ['a', 'b', 'b']],
    ['other borders', ['ab']],
  ])('changes with %s', (_what, texts) => {
    expect(transcriptOf(...texts).digest).not.toBe(transcriptOf('a', 'b').digest);
  });

  test('survives JSON: a worker computes it from what crossed the wire', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const message = assistant({ type: 'tool-call', id: '1', name: 't', arguments: values });
        const crossed = JSON.parse(JSON.stringify(message));
        expect(JSON.stringify(crossed)).toBe(JSON.stringify(message));
      }),
    );
  });

  test('200,000 short texts have 200,000 digests', () => {
    const seen = new Set<string>();
    for (let at = 0; at < 200_000; at++) seen.add(rollDigest('', String(at)));
    expect(seen.size).toBe(200_000);
  });
});

describe('a page', () => {
  test('is the messages asked for, and where to go on', () => {
    const transcript = transcriptOf('a', 'b', 'c', 'd');
    expect(transcript.page(1, 3)).toEqual({
      from: 1,
      next: 3,
      length: 4,
      messages: [user('b'), user('c')],
      segments: [],
    });
  });

  test.each([
    ['all of it', [undefined, undefined], ['a', 'b', 'c']],
    ['from a position on', [2, undefined], ['c']],
    ['nothing beyond the end', [9, undefined], []],
    ['no more than there is', [0, 99], ['a', 'b', 'c']],
    ['nothing backwards', [2, 1], []],
    ['from the start, for a negative position', [-5, 1], ['a']],
    ['nothing, for a position that is no number', [Number.NaN, undefined], []],
  ])('gives %s', (_what, [from, to], texts) => {
    expect(transcriptOf('a', 'b', 'c').page(from, to).messages).toEqual(texts.map(user));
  });

  test('stays below what the server takes, and always makes progress', () => {
    const huge = 'x'.repeat(400_000);
    const transcript = transcriptOf(huge, huge, huge.repeat(3), 'end');
    const pages: number[] = [];
    for (let from = 0; from < transcript.length; ) {
      const page = transcript.page(from);
      pages.push(page.messages.length);
      from = page.next;
    }
    expect(pages).toEqual([1, 1, 1, 1]);
  });

  test('of a later Temporal run begins where that run does, and tells where the rest is', () => {
    const segment = { from: 0, to: 5, runId: 'run-1', artifact: { id: 'sha256:aa', bytes: 1, mediaType: 'x' } };
    const transcript = new Transcript('run-1', [segment], 5, 'digest-at-5');
    transcript.append(user('sixth'));
    expect(transcript.page(2)).toEqual({ from: 5, next: 6, length: 6, messages: [user('sixth')], segments: [segment] });
    expect(transcript.digest).toBe(rollDigest('digest-at-5', JSON.stringify(user('sixth'))));
    expect(transcript.pointer().delta).toEqual([user('sixth')]);
  });
});
