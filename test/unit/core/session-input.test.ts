import type { SessionInput } from '../../../protocol/session';
import { normaliseInput } from '../../../workflows/session-input';

const given = (changes: object): SessionInput => ({ agent: 'writer', input: 'go', ...changes }) as SessionInput;

test.each<[unknown, number]>([
  ['10m', 600_000],
  [1_500, 1_500],
])('a deadline of %p is %d ms', (deadline, ms) => {
  expect(normaliseInput(given({ limits: { deadline, turns: 3 } }), false).limits).toEqual({ deadline: ms, turns: 3 });
});

test.each<[string, object]>([
  ['no limits', {}],
  ['limits without a deadline', { limits: { turns: 3, costUsd: 0.5 } }],
  ['a session that goes on, whose input is gone', { input: null, carried: {} }],
])('%s pass unchanged', (_what, changes) => {
  const input = given(changes);
  expect(normaliseInput(input, true)).toEqual(input);
});

test.each<[unknown, RegExp]>([
  [undefined, /^agent: /],
  [{ input: 'go' }, /^agent: /],
  [{ agent: 7, input: 'go' }, /^agent: /],
  [{ agent: 'writer' }, /^input: /],
  [{ agent: 'writer', input: null }, /^input: /],
  [{ agent: 'writer', input: '' }, /^input: /],
  [{ agent: 'writer', input: ' \n' }, /^input: /],
  [given({ carried: {} }), /^carried: /],
  [given({ tenant: 7 }), /^tenant: /],
  [given({ parent: ['a'] }), /^parent: /],
  [given({ parent: 'x'.repeat(1_001) }), /^parent: /],
  [given({ fork: 'q3' }), /^fork: /],
  [given({ fork: { id: 7, at: 1 } }), /^fork\.id: /],
  [given({ fork: { id: 'q3' } }), /^fork\.at: /],
  [given({ fork: { id: 'q3', at: 0 } }), /^fork\.at: /],
  [given({ limits: { turns: 0 } }), /^limits\.turns: /],
  [given({ limits: { toolCalls: 1.5 } }), /^limits\.toolCalls: /],
  [given({ limits: { tokens: '9' } }), /^limits\.tokens: /],
  [given({ limits: { costUsd: -1 } }), /^limits\.costUsd: /],
  [given({ limits: { deadline: 'soon' } }), /^limits\.deadline: not a duration: "soon"/],
  [given({ limits: { deadline: -1 } }), /^limits\.deadline: /],
  [given({ limits: { deadline: {} } }), /^limits\.deadline: /],
])('%j is refused', (input, message) => {
  expect(() => normaliseInput(input as SessionInput, false)).toThrow(
    expect.objectContaining({ type: 'Input.Invalid', nonRetryable: true, message: expect.stringMatching(message) }),
  );
});
