import type { Actor, Change, Sending, Steering, Step } from '../../../protocol/control';
import {
  checkActor,
  checkChange,
  checkSending,
  checkSteering,
  checkStep,
  checkTitle,
} from '../../../workflows/check-update';

/** What comes from the stock Temporal CLI, or a client in another language, is refused before it is recorded. */

const by = { by: 'ana' };

test.each<[string, (given: never) => void, unknown, RegExp]>([
  ['no object', checkActor, null, /^one object is needed/],
  ['a text', checkActor, 'ana', /^one object is needed/],
  ['nobody', checkActor, {}, /^by: say who acts/],
  ['a blank', checkActor, { by: ' ' }, /^by: /],
  ['a very long name', checkActor, { by: 'x'.repeat(201) }, /^by: .*200 characters/],
  ['a reason that is no text', checkActor, { ...by, reason: 1 }, /^reason: /],
  ['a reason that is a book', checkActor, { ...by, reason: 'x'.repeat(2_001) }, /^reason: .*2000/],
  ['no guidance', checkSteering, by, /^text: say/],
  ['blank guidance', checkSteering, { ...by, text: '\n' }, /^text: say/],
  ['a book of guidance', checkSteering, { ...by, text: 'x'.repeat(50_001) }, /^text: 50001 characters; 50000/],
  ['half a step', checkStep, { ...by, unit: 'half' }, /^unit: /],
  ['no title', checkTitle, by, /^title: /],
  ['a blank title', checkTitle, { ...by, title: '' }, /^title: /],
  ['a title that is a book', checkTitle, { ...by, title: 'x'.repeat(201) }, /^title: /],
  ['no change', checkChange, by, /^nothing to change: give one of model, /],
  ['an unknown change', checkChange, { ...by, model: 'a/b', colour: 'red' }, /^colour: there is no such thing/],
  ['a model without a provider', checkChange, { ...by, model: 'gpt' }, /^model: /],
  ['a priority there is none of', checkChange, { ...by, priority: 6 }, /^priority: /],
  ['limits that are none', checkChange, { ...by, limits: 3 }, /are objects$/],
  ['breakpoints that are none', checkChange, { ...by, breakpoints: null }, /are objects$/],
  ['breakpoints of the wrong kind', checkChange, { ...by, breakpoints: { turns: ['3'] } }, /^breakpoints: /],
  ['too many breakpoints', checkChange, { ...by, breakpoints: { tools: new Array(101).fill('a') } }, /^breakpoints: /],
  ['a limit below the least', checkChange, { ...by, limits: { turns: 0 } }, /^limits\.turns: /],
  ['no message', (given: Sending) => checkSending(given, 'a'), undefined, /^one object is needed/],
  ['an empty message', (given: Sending) => checkSending(given, 'a'), { input: ' ' }, /^input: the message is empty/],
  ['a message of nothing', (given: Sending) => checkSending(given, 'a'), { input: null }, /^input: /],
  ['a sender that is no text', (given: Sending) => checkSending(given, 'a'), { input: 'x', by: {} }, /^by: /],
])('%s is refused', (_what, check, given, message) => {
  expect(() => check(given as never)).toThrow(
    expect.objectContaining({ type: 'Input.Invalid', nonRetryable: true, message: expect.stringMatching(message) }),
  );
});

test('what is well-formed passes', () => {
  const longest: Actor = { by: 'x'.repeat(200), reason: 'y'.repeat(2_000) };
  checkActor(longest);
  checkSteering({ ...by, text: 'x'.repeat(50_000) } as Steering);
  for (const unit of [undefined, 'turn', 'call']) checkStep({ ...by, ...(unit && { unit }) } as Step);
  checkTitle({ ...by, title: 'Sums' });
  const changes: Omit<Change, 'by'>[] = [
    { model: 'openai/gpt-5' },
    { priority: 1 },
    { limits: { turns: 1, deadline: '10m' } },
    { parameters: { temperature: 0 } },
    { breakpoints: { turns: [3], tools: ['files'] } },
  ] as Omit<Change, 'by'>[];
  for (const change of changes) checkChange({ ...by, ...change } as Change);
  expect(checkSending({ input: 'hello', by: 'ana', agent: 'a' } as Sending, 'a')).toBe(7);
});

test('a message too large for the history, and one for another agent, have codes of their own', () => {
  const input = 'x'.repeat(200_000);
  expect(() => checkSending({ input } as Sending, 'a')).toThrow(expect.objectContaining({ type: 'Input.TooLarge' }));
  expect(() => checkSending({ input: 'x', agent: 'b' } as Sending, 'a')).toThrow(
    expect.objectContaining({ type: 'Run.AlreadyStarted' }),
  );
});
