import { checkDecisionShape, checkRequest } from '../../../workflows/check-decision';

/** Requests and decisions from any Temporal client: refused before anything is recorded. */

const request = { kind: 'message', title: 'Publish?', run: 'r', digest: 'd' };
const decision = { by: 'ana', verdict: 'approve' };

test.each<[string, (given: never) => void, unknown, RegExp]>([
  ['no request', checkRequest, null, /needs a request/],
  ['a text for a request', checkRequest, 'publish', /needs a request/],
  ['a kind there is none of', checkRequest, { ...request, kind: 'wish' }, /^kind: one of tool-call/],
  ['no title', checkRequest, { ...request, title: '' }, /^title: /],
  ['a run that is no text', checkRequest, { ...request, run: 5 }, /^run: /],
  ['no digest', checkRequest, { ...request, digest: undefined }, /^digest: /],
  ['a quorum nobody can reach', checkRequest, { ...request, approvers: ['user:ana'], quorum: 2 }, /./],
  [
    'the exclusion of nobody knows whom',
    checkRequest,
    { ...request, excludeRequester: true },
    /^excludeRequester: nobody knows who asked/,
  ],
  ['a signature that is no text', checkDecisionShape, { ...decision, signature: 5 }, /^signature: /],
  ['a nonce that is no text', checkDecisionShape, { ...decision, nonce: {} }, /^nonce: /],
  ['a time that is none', checkDecisionShape, { ...decision, at: 'now' }, /^at: /],
  ['nobody', checkDecisionShape, { verdict: 'approve' }, /^by: /],
  [
    'a field there is none of',
    checkDecisionShape,
    { ...decision, colour: 'red' },
    /^colour: a decision has no such field/,
  ],
  ['a verdict there is none of', checkDecisionShape, { by: 'ana', verdict: 'maybe' }, /^verdict: /],
  ['a capacity that is no text', checkDecisionShape, { ...decision, as: 5 }, /^as: not a short text/],
  ['a rule that is a book', checkDecisionShape, { ...decision, remember: 'x'.repeat(1_001) }, /^remember: /],
  ['arguments that are a list', checkDecisionShape, { ...decision, edit: [] }, /^edit: an object/],
  ['arguments of nothing', checkDecisionShape, { ...decision, edit: null }, /^edit: an object/],
  ['a decision that is a book', checkDecisionShape, { ...decision, answer: 'x'.repeat(100_000) }, /at most 100000/],
])('%s is refused', (_what, check, given, message) => {
  expect(() => check(given as never)).toThrow(
    expect.objectContaining({ type: 'Input.Invalid', message: expect.stringMatching(message) }),
  );
});

test('what is well-formed passes', () => {
  checkRequest({ ...request, approvers: ['role:boss'], quorum: 2 } as never);
  checkDecisionShape({ ...decision, as: 'role:boss', edit: { a: 1 }, remember: 'run', digest: 'd' } as never);
  checkDecisionShape({ by: 'ana', verdict: 'deny', reason: 'no' } as never);
});
