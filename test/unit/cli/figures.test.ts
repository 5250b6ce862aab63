import { bytes, costText, count, duration, usd } from '../../../apps/cli/figures';

test.each<[number, string]>([
  [0, '$0.00'],
  [0.00421, '$0.0042'],
  [0.0999, '$0.0999'],
  [0.1, '$0.10'],
  [12.345, '$12.35'],
])('%d US dollars are %s', (amount, text) => {
  expect(usd(amount)).toBe(text);
});

test('a cost says when it is a lower bound and when it is not real', () => {
  expect(costText({ costUsd: 1.2, costIncomplete: false, simulated: false })).toBe('$1.20');
  expect(costText({ costUsd: 1.2, costIncomplete: true, simulated: false })).toBe('at least $1.20');
  expect(costText({ costUsd: 0, costIncomplete: true, simulated: false })).toBe('cost unknown');
  expect(costText({ costUsd: 0, costIncomplete: false, simulated: true })).toBe('$0.00 (simulated)');
});

test.each<[number, string]>([
  [0, '0'],
  [999, '999'],
  [1_000, '1.0k'],
  [1_249, '1.2k'],
  [9_960, '10k'],
  [34_400, '34k'],
  [999_499, '999k'],
  [999_500, '1.0M'],
  [12_000_000, '12M'],
])('%d is %s', (amount, text) => {
  expect(count(amount)).toBe(text);
});

test.each<[number, string]>([
  [-5, '0 ms'],
  [640.4, '640 ms'],
  [8_249, '8.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 0 s'],
  [200_000, '3 min 20 s'],
  [3_599_000, '59 min 59 s'],
  [7_500_000, '2 h 5 min'],
])('%d ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each<[number, string]>([
  [0, '0 B'],
  [999, '999 B'],
  [3_400, '3.4 kB'],
  [1_200_000, '1.2 MB'],
  [77_000_000_000, '77 GB'],
])('%d bytes are %s', (amount, text) => {
  expect(bytes(amount)).toBe(text);
});
