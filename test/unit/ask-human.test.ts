import { readQuestion } from '../../protocol/ask-human';

test.each<[string, unknown]>([
  ['an object', 'why?'],
  ['an object', null],
  ['an object', ['why?']],
  ['unknown key "urgent"', { question: 'why?', urgent: true }],
  ['question: expected text', {}],
  ['question: expected text', { question: ' \n' }],
  ['question: at most 10000', { question: 'x'.repeat(10_001) }],
  ['options: expected 2 to 20', { question: 'why?', options: 'a' }],
  ['options: expected 2 to 20', { question: 'why?', options: ['a'] }],
  ['options: expected 2 to 20', { question: 'why?', options: Array.from({ length: 21 }, (_, at) => `${at}`) }],
  ['options[1]: expected text', { question: 'why?', options: ['a', 5] }],
  ['options[1]: expected text', { question: 'why?', options: ['a', ' '] }],
  ['options[0]: expected text of at most 200', { question: 'why?', options: ['x'.repeat(201), 'b'] }],
  ['two are the same', { question: 'why?', options: ['a', 'a'] }],
  ['to: expected 1 to 20', { question: 'why?', to: [] }],
  ['to: expected 1 to 20', { question: 'why?', to: 'role:boss' }],
  ['to: expected 1 to 20', { question: 'why?', to: Array(21).fill('anyone') }],
  ['to[1]: expected "user:NAME"', { question: 'why?', to: ['anyone', 'boss'] }],
  ['to[0]: expected', { question: 'why?', to: [5] }],
])('a model that asks wrongly is told what was expected: %s', (told, given) => {
  expect(readQuestion(given)).toEqual({ error: expect.stringContaining(told) });
});

test('a question is taken as it is, with answers to choose from and whom to ask where it says so', () => {
  expect(readQuestion({ question: 'why?' })).toEqual({ question: 'why?' });
  const whole = { question: 'why?', options: ['a', 'b'], to: ['role:boss', 'user:ana', 'manager', 'anyone'] };
  expect(readQuestion(whole)).toEqual(whole);
});
