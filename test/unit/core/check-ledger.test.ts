import type { LeaseRequest } from '../../../protocol/budget/lease';
import {
  checkFreeze,
  checkOpen,
  checkSetTerms,
  checkTopUp,
  isDecided,
  isLeaseRequest,
} from '../../../workflows/ledger/check-ledger';
import { LedgerDesk } from '../../../workflows/ledger/desk';
import { newLedger } from '../../../workflows/ledger/new-ledger';

/** What comes to a ledger from a client in another language is refused before it is recorded. */

const by = 'ana';

function ledger() {
  const desk = new LedgerDesk(newLedger('acme'), (number) => `ask-${number}`);
  desk.open({ by, account: 'acme', funds: 100, unit: 'credits', creditUsd: 2 }, 0);
  desk.open({ by, account: 'acme/capped', caps: { day: 1 } }, 0);
  return desk.state;
}

const refused = (check: () => void): unknown => {
  try {
    check();
    return undefined;
  } catch (error) {
    const { type, message } = error as { type?: string; message: string };
    return `${type}: ${message}`;
  }
};

test.each<[string, object, RegExp]>([
  ['nobody', { by: '' }, /^Input\.Invalid: by:/],
  ['no name', { account: undefined }, /^Budget\.Invalid: account: up to five names/],
  ['a name of six parts', { account: 'acme/a/b/c/d/e' }, /^Budget\.Invalid: account: up to five names/],
  ['a name with capitals', { account: 'acme/A' }, /^Budget\.Invalid: account: up to five names/],
  ['an account of another tree', { account: 'other' }, /^Budget\.Invalid: account: this is the ledger of "acme"/],
  ['an account that is there', { account: 'acme' }, /^Budget\.Exists: /],
  ['an account below none', { account: 'acme/a/b' }, /^Budget\.Unknown: there is no account "acme\/a"/],
  ['a field there is none of', { colour: 'red' }, /^Budget\.Invalid: colour: there is no such field/],
  ['funds below nothing', { funds: -1 }, /^Budget\.Invalid: funds: /],
  ['funds beyond everything', { funds: 1e12 }, /^Budget\.Invalid: funds: /],
  ['funds that are no number', { funds: '5' }, /^Budget\.Invalid: funds: /],
  ['a unit below the first account', { unit: 'usd' }, /^Budget\.Invalid: unit: is said of the whole tree/],
  ['a time zone below the first account', { timeZone: 'UTC' }, /^Budget\.Invalid: timeZone: is said of the whole/],
  ['caps that are none', { caps: 5 }, /^Budget\.Invalid: caps: an object/],
  ['caps of nothing', { caps: null }, /^Budget\.Invalid: caps: an object/],
  ['a cap on a week', { caps: { week: 5 } }, /^Budget\.Invalid: caps\.week: /],
  ['a cap of nothing', { caps: { day: 0 } }, /^Budget\.Invalid: caps\.day: a number above 0/],
  ['warnings that are no list', { warnAt: 0.5 }, /^Budget\.Invalid: warnAt: /],
  ['a warning beyond all', { warnAt: [0.5, 1.5] }, /^Budget\.Invalid: warnAt: /],
  ['eleven warnings', { warnAt: Array.from({ length: 11 }, () => 0.5) }, /^Budget\.Invalid: warnAt: /],
  ['another end', { whenEmpty: 'beg' }, /^Budget\.Invalid: whenEmpty: "ask" or "stop"/],
  ['a question that is none', { ask: 'bo' }, /^Budget\.Invalid: ask: /],
  ['a question of nothing', { ask: null }, /^Budget\.Invalid: ask: /],
  ['a question for less than nothing', { ask: { amount: -1 } }, /^Budget\.Invalid: ask: /],
  ['half an auto top-up', { autoTopUp: { below: 1, amount: 1 } }, /^Budget\.Invalid: autoTopUp: /],
  ['a price of nothing', { unknownPrice: 0 }, /^Budget\.Invalid: unknownPrice: /],
  ['a price that is a word', { unknownPrice: 'free' }, /^Budget\.Invalid: unknownPrice: /],
])('opening an account with %s is refused', (_what, given, message) => {
  expect(refused(() => checkOpen(ledger(), { by, account: 'acme/new', ...given } as never))).toMatch(message);
});

test.each<[string, object, RegExp]>([
  ['a unit there is none of', { unit: 'eur' }, /unit: "usd" or "credits"/],
  ['a rate without credits', { creditUsd: 1 }, /creditUsd: only where the unit is credits/],
  ['a rate below the least', { unit: 'credits', creditUsd: 1e-9 }, /creditUsd: a number of US dollars/],
  ['a time zone nobody knows', { timeZone: 'Mars/Base' }, /timeZone: an IANA name/],
  ['a time zone that is no text', { timeZone: 1 }, /timeZone: an IANA name/],
  ['a time zone that is a book', { timeZone: 'x'.repeat(101) }, /timeZone: an IANA name/],
  ['a look every moment', { checkHolders: 1 }, /checkHolders: from a second to a day/],
  ['a look in a year', { checkHolders: 3e10 }, /checkHolders: from a second to a day/],
  ['a look at some time', { checkHolders: '10m' }, /checkHolders: from a second to a day/],
])('a tree with %s is refused', (_what, given, message) => {
  expect(refused(() => checkOpen(newLedger('acme'), { by, account: 'acme', ...given } as never))).toMatch(message);
});

test('a tree has so many accounts, and no more', () => {
  const state = ledger();
  for (let at = 0; at < 1_998; at++) state.accounts[`acme/${at}`] = state.accounts.acme as never;
  expect(refused(() => checkOpen(state, { by, account: 'acme/last' }))).toMatch(/at most 2000 accounts/);
});

test('what is well-formed opens an account', () => {
  const terms = { caps: { day: 1, month: null }, warnAt: [1], whenEmpty: 'stop' as const, ask: { amount: 3 } };
  const more = { autoTopUp: { below: 1, amount: 2, mostPerMonth: 9 }, unknownPrice: 0.5, funds: 0 };
  checkOpen(ledger(), { by, account: 'acme/new', ...terms, ...more });
  checkOpen(ledger(), { by, account: 'acme/other', autoTopUp: null, unknownPrice: 'refuse' });
  checkOpen(newLedger('acme'), { by, account: 'acme', timeZone: 'Europe/Berlin', unit: 'credits', creditUsd: 0.5 });
});

test.each<[string, () => void, RegExp]>([
  ['topping up nothing', () => checkTopUp(ledger(), { by, account: 'acme', amount: 0 }), /amount: a number above 0/],
  ['topping up nobody', () => checkTopUp(ledger(), { by, account: 'acme/no', amount: 1 }), /Budget\.Unknown/],
  [
    'topping up what has no funds',
    () => checkTopUp(ledger(), { by, account: 'acme/capped', amount: 1 }),
    /has no funds of its own/,
  ],
  // Credits of two dollars each: what is added counts in dollars.
  [
    'more than an account holds',
    () => checkTopUp(ledger(), { by, account: 'acme', amount: 500_000_000 }),
    /holds at most \$1000000000/,
  ],
  ['thawing what is not frozen', () => checkFreeze(ledger(), { by, account: 'acme' }, false), /is not frozen/],
  ['no change', () => checkSetTerms(ledger(), { by, account: 'acme' }), /nothing to change: give one of caps, /],
  [
    'funds as a change',
    () => checkSetTerms(ledger(), { by, account: 'acme', funds: 5 } as never),
    /funds: there is no such field/,
  ],
])('%s is refused', (_what, check, message) => {
  expect(refused(check)).toMatch(message);
});

test('what is frozen is not frozen again', () => {
  const state = ledger();
  (state.accounts.acme as { frozen: unknown }).frozen = { by, at: 0 };
  expect(refused(() => checkFreeze(state, { by, account: 'acme' }, true))).toMatch(/^Budget\.Frozen: "acme" is frozen/);
  checkFreeze(state, { by, account: 'acme' }, false);
});

test('of signals only those that make sense are heard', () => {
  const counts = { seq: 1, spent: 0, lost: 0, calls: 0, need: 5, wish: 5 };
  const request: LeaseRequest = { lease: 'l', holder: 'h', account: 'acme', ...counts };
  expect(isLeaseRequest(request)).toBe(true);
  for (const given of [null, 'lease', undefined]) expect(isLeaseRequest(given as never)).toBe(false);
  for (const name of ['lease', 'holder', 'account']) {
    for (const value of ['', 5, 'x'.repeat(1_001)])
      expect(isLeaseRequest({ ...request, [name]: value } as never)).toBe(false);
  }
  for (const name of Object.keys(counts)) {
    for (const value of [-1, 0.5, Number.NaN, 2 ** 60, '1', undefined])
      expect(isLeaseRequest({ ...request, [name]: value } as never)).toBe(false);
  }
});

test('an approval says what it came to, or is not heard', () => {
  const decided = { approval: 'ask-1', outcome: { verdict: 'approved', votes: [] } };
  expect(isDecided(decided as never)).toBe(true);
  for (const given of [null, undefined, 'yes', {}, { approval: 'ask-1' }, { approval: 'ask-1', outcome: null }])
    expect(isDecided(given as never)).toBe(false);
  for (const outcome of [{ verdict: 'approved' }, { verdict: 'yes', votes: [] }, { votes: [] }])
    expect(isDecided({ approval: 'ask-1', outcome } as never)).toBe(false);
});

test.each([
  ['an approver of no kind', { approvers: ['ana'] }],
  ['steps that are no list', { escalate: {} }],
  ['a step of nothing', { escalate: [null] }],
  ['a chain in a circle', { approvers: ['role:boss'], escalate: [{ approvers: ['role:boss'] }] }],
  ['more approvals than people', { approvers: ['user:ana'], quorum: 2 }],
  ['the exclusion of nobody knows whom', { excludeRequester: true }],
])('%s can answer no question for money, and is refused before anybody waits for it', (_what, ask) => {
  const change = { by, account: 'acme', ask } as never;
  expect(refused(() => checkSetTerms(ledger(), change))).toMatch(/^(Budget|Input)\.Invalid: /);
});

test('what is asked again under its id is known, also after a roll-over; the oldest are forgotten', () => {
  const desk = new LedgerDesk(ledger(), (number) => `ask-${number}`);
  expect(desk.takes('one')).toBe(true);
  expect(desk.takes(undefined)).toBe(true);
  const next = new LedgerDesk(JSON.parse(JSON.stringify(desk.state)), (number) => `ask-${number}`);
  expect(next.takes('one')).toBe(false);
  for (let at = 0; at < 200; at++) next.takes(`more-${at}`);
  expect([next.knows('one'), next.knows('more-0'), next.state.taken?.length]).toEqual([false, true, 200]);
});
