import { termsProblem } from '../../protocol/approval-terms';
import type { LeaseRequest } from '../../protocol/budget/lease';
import type { Decided, LedgerState } from '../../protocol/budget/ledger';
import { MOST_USD } from '../../protocol/budget/money';
import type { AccountTerms, OpenAccount, TopUp } from '../../protocol/budget/terms';
import { normalTerms } from '../approval-terms';
import { checkActor, refuse } from '../check-update';

/*
 * What people ask of a ledger, checked in plain code that the sandbox can run. Nothing is recorded of what is refused here. The
 * name is the tree: `a/b` is below `a`, so that no account can come to lie below itself.
 */

const NAME = /^[a-z0-9][a-z0-9._-]{0,39}(\/[a-z0-9][a-z0-9._-]{0,39}){0,4}$/;
/** Accounts of one tree: they are carried from run to run. */
const MOST_ACCOUNTS = 2_000;
const TERMS = ['caps', 'warnAt', 'whenEmpty', 'ask', 'autoTopUp', 'unknownPrice'] as const;
const TREE = ['unit', 'creditUsd', 'timeZone', 'checkHolders'] as const;

export function bad(message: string): never {
  return refuse('Budget.Invalid', message, 'See docs/budgets.md for what an account may be given.');
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= MOST_USD;
}

function checkFields(given: object, allowed: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !['by', 'reason', 'account', ...allowed].includes(name));
  if (unknown !== undefined) bad(`${unknown}: there is no such field here`);
}

function checkName(account: unknown): void {
  if (typeof account !== 'string' || !NAME.test(account))
    bad('account: up to five names joined by "/", e.g. "acme/research"');
}

export function checkOpen(state: LedgerState, given: OpenAccount): void {
  checkActor(given);
  checkName(given.account);
  checkFields(given, ['funds', ...TREE, ...TERMS]);
  const { account, funds } = given;
  const parent = account.includes('/') ? account.slice(0, account.lastIndexOf('/')) : undefined;
  if (account.split('/')[0] !== state.root) bad(`account: this is the ledger of "${state.root}"`);
  if (state.accounts[account])
    refuse('Budget.Exists', `there is an account "${account}" already`, 'Change it: holdfast budget caps');
  if (parent !== undefined && !state.accounts[parent])
    refuse('Budget.Unknown', `there is no account "${parent}"`, `Create it first: holdfast budget create ${parent}`);
  if (Object.keys(state.accounts).length >= MOST_ACCOUNTS) bad(`a tree has at most ${MOST_ACCOUNTS} accounts`);
  if (funds !== undefined && funds !== 0 && !isAmount(funds)) bad(`funds: a number from 0 to ${MOST_USD}`);
  checkTree(given, parent === undefined);
  checkTerms(given);
}

function checkTree(given: OpenAccount, isRoot: boolean): void {
  const { unit, creditUsd, timeZone, checkHolders } = given;
  const said = TREE.find((name) => given[name] !== undefined);
  if (!isRoot && said !== undefined) bad(`${said}: is said of the whole tree, with its first account`);
  if (unit !== undefined && unit !== 'usd' && unit !== 'credits') bad('unit: "usd" or "credits"');
  if (creditUsd !== undefined && !(isAmount(creditUsd) && creditUsd >= 0.000_001))
    bad('creditUsd: a number of US dollars');
  if (creditUsd !== undefined && unit !== 'credits') bad('creditUsd: only where the unit is credits');
  if (timeZone !== undefined && !isTimeZone(timeZone)) bad('timeZone: an IANA name, e.g. "Europe/Berlin"');
  if (
    checkHolders !== undefined &&
    !(typeof checkHolders === 'number' && checkHolders >= 1_000 && checkHolders <= 86_400_000)
  )
    bad('checkHolders: from a second to a day, in ms');
}

function isTimeZone(name: unknown): boolean {
  if (typeof name !== 'string' || name.length > 100) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

function checkAccount(state: LedgerState, account: string): void {
  checkName(account);
  if (!state.accounts[account])
    refuse('Budget.Unknown', `there is no account "${account}"`, `Create it: holdfast budget create ${account}`);
}

export function checkTopUp(state: LedgerState, given: TopUp): void {
  checkActor(given);
  checkFields(given, ['amount']);
  checkAccount(state, given.account);
  if (!isAmount(given.amount)) bad(`amount: a number above 0, at most ${MOST_USD}`);
  const funded = state.accounts[given.account]?.funded ?? null;
  if (funded === null)
    bad(`account: "${given.account}" has no funds of its own; its caps and the accounts above hold it`);
  if ((funded as number) / 1_000_000 + given.amount * state.unitUsd > MOST_USD)
    bad(`amount: an account holds at most $${MOST_USD}`);
}

export function checkFreeze(
  state: LedgerState,
  given: { by: string; reason?: string; account: string },
  frozen: boolean,
): void {
  checkActor(given);
  checkFields(given, []);
  checkAccount(state, given.account);
  const is = state.accounts[given.account]?.frozen !== null;
  if (is === frozen) refuse('Budget.Frozen', `"${given.account}" is ${is ? '' : 'not '}frozen`, 'Nothing was changed.');
}

export function checkSetTerms(state: LedgerState, given: AccountTerms & { by: string; account: string }): void {
  checkActor(given);
  checkFields(given, TERMS);
  checkAccount(state, given.account);
  if (!TERMS.some((name) => given[name] !== undefined)) bad(`nothing to change: give one of ${TERMS.join(', ')}`);
  checkTerms(given);
}

function checkTerms({ caps, warnAt, whenEmpty, ask, autoTopUp, unknownPrice }: AccountTerms): void {
  checkCaps(caps);
  if (
    warnAt !== undefined &&
    !(Array.isArray(warnAt) && warnAt.length <= 10 && warnAt.every((part) => isAmount(part) && part <= 1))
  )
    bad('warnAt: up to ten parts above 0, at most 1');
  if (whenEmpty !== undefined && whenEmpty !== 'ask' && whenEmpty !== 'stop') bad('whenEmpty: "ask" or "stop"');
  if (
    ask !== undefined &&
    (typeof ask !== 'object' || ask === null || (ask.amount !== undefined && !isAmount(ask.amount)))
  )
    bad('ask: an object, whose amount is above 0');
  checkAsk(ask);
  if (autoTopUp != null && !(['below', 'amount', 'mostPerMonth'] as const).every((name) => isAmount(autoTopUp[name])))
    bad('autoTopUp: {"below", "amount", "mostPerMonth"}, each above 0');
  if (unknownPrice !== undefined && unknownPrice !== 'refuse' && !isAmount(unknownPrice))
    bad('unknownPrice: "refuse", or what a call counts as, above 0');
}

/** Nobody could be asked else, and whoever waits for money would wait for ever. */
function checkAsk(ask: AccountTerms['ask']): void {
  if (ask === undefined) return;
  normalTerms(ask);
  const problem = termsProblem(ask);
  if (problem !== undefined) bad(`ask.${problem}`);
  if (ask.excludeRequester) bad('ask.excludeRequester: an account asks for whoever spends from it, and knows nobody');
}

function checkCaps(caps: AccountTerms['caps']): void {
  if (caps === undefined) return;
  if (typeof caps !== 'object' || caps === null) bad('caps: an object');
  for (const [name, cap] of Object.entries(caps)) {
    if (!['day', 'month', 'run', 'call'].includes(name)) bad(`caps.${name}: day, month, run and call can be capped`);
    if (cap !== null && !isAmount(cap)) bad(`caps.${name}: a number above 0, at most ${MOST_USD}, or null`);
  }
}

const VERDICTS = ['approved', 'denied', 'expired', 'withdrawn'];

/** The same of what an approval says. */
export function isDecided(given: Decided): boolean {
  const { approval, outcome } = Object(given) as Partial<Decided>;
  const { verdict = '', votes } = Object(outcome) as Partial<Decided['outcome']>;
  return typeof approval === 'string' && VERDICTS.includes(verdict) && Array.isArray(votes);
}

/** Signals cannot be refused: what makes no sense is left alone. */
export function isLeaseRequest(given: LeaseRequest): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { lease, holder, account, seq, spent, lost, calls, need, wish } = given;
  const texts = [lease, holder, account].every(
    (text) => typeof text === 'string' && text !== '' && text.length <= 1_000,
  );
  return texts && [seq, spent, lost, calls, need, wish].every((value) => Number.isSafeInteger(value) && value >= 0);
}
