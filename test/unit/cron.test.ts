import fc from 'fast-check';
import { cronProblem } from '../../protocol/cron';

test.each([
  '0 9 * * 1-5',
  '*/15 8-18/2 1,15 jan,Feb-apr mon',
  '0 0 31 2 *',
  '0 0 * * 5-7',
  '0 0 * * su,Saturday',
  '0 12 1 1 * 2030-2040/5',
  '15 30 6 * * * *',
  '5/10 * * * *',
  '@daily',
  '  0   9 * *  * ',
])('%s', (text) => {
  expect(cronProblem(text)).toBeUndefined();
});

test.each<[string, string]>([
  ['', 'it is empty'],
  ['* * * *', 'it has 4 fields'],
  ['* * * * * * * *', 'it has 8 fields'],
  ['60 * * * *', 'minute: "60" is not in 0 to 59'],
  ['* 24 * * *', 'hour: "24"'],
  ['* * 0 * *', 'day of month: "0" is not in 1 to 31'],
  ['* * L * *', 'day of month: "L"'],
  ['* * * 13 *', 'month: "13"'],
  ['* * * ja *', 'month: "ja"'],
  ['* * * * 8', 'day of week: "8"'],
  ['* * * * fri-mon', '"fri-mon" ends before it begins'],
  ['* * * * mon#1', 'day of week'],
  ['* * * * * 1999', 'year: "1999" is not in 2000 to 2100'],
  ['60 * * * * * *', 'second: "60"'],
  ['*/0 * * * *', '"*/0" needs a step above 0'],
  ['*/ * * * *', 'needs a step'],
  ['1/2/3 * * * *', 'too many slashes'],
  ['1-2-3 * * * *', 'too many dashes'],
  ['1, * * * *', 'minute: ""'],
  ['? * * * *', 'minute: "?"'],
  ['-1 * * * *', 'minute'],
  ['+1 * * * *', 'minute'],
  ['1.5 * * * *', 'minute'],
  ['@every 5m', 'give every'],
  ['@reboot', 'is none of @yearly'],
  ['TZ=UTC 0 9 * * *', 'give timeZone'],
  ['CRON_TZ=UTC 0 9 * * *', 'give timeZone'],
  [`${'1,'.repeat(100)}1 * * * *`, 'more than 190 characters'],
])('not %s', (text, problem) => {
  expect(cronProblem(text)).toContain(problem);
});

/** A field of cron within its bounds. */
const fieldOf = (min: number, max: number): fc.Arbitrary<string> => {
  const number = fc.integer({ min, max });
  const range = fc.tuple(number, number).map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);
  const stepped = fc
    .tuple(fc.oneof(range, fc.constant('*'), number.map(String)), fc.integer({ min: 1, max: 99 }))
    .map((parts) => parts.join('/'));
  const one = fc.oneof(number.map(String), range, stepped, fc.constant('*'));
  return fc.array(one, { minLength: 1, maxLength: 4 }).map((items) => items.join(','));
};

test('whatever is built of values within their bounds is one', () => {
  const cron = fc.tuple(fieldOf(0, 59), fieldOf(0, 23), fieldOf(1, 31), fieldOf(1, 12), fieldOf(0, 7));
  fc.assert(fc.property(cron, (fields) => expect(cronProblem(fields.join(' '))).toBeUndefined()));
});

test('no text breaks it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => ['string', 'undefined'].includes(typeof cronProblem(text))),
  );
});
