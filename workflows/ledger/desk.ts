import type { LeaseReply, LeaseRequest } from '../../protocol/budget/lease';
import type {
  AccountState,
  Ask,
  Decided,
  HolderNews,
  LeaseState,
  LedgerState,
  Period,
  Waiter,
} from '../../protocol/budget/ledger';
import { type Micros, toMicros, toUsd } from '../../protocol/budget/money';
import type { Freeze, OpenAccount, SetTerms, TopUp } from '../../protocol/budget/terms';
import { Accounting } from './accounting';
import { type Limit, limitsOf } from './limits';
import { applyTerms, newAccount, settleTree } from './new-ledger';

/** A grant beyond what is needed takes at most this part of what is free for each run that holds or wants some. */
const SHARES = 8;
/** What is asked of people where the account does not say, in worst cases of the call that waits. */
const ASKED_CALLS = 10;
/** While somebody waits for money, its holders are looked at after so long without a word. */
const IMPATIENCE_MS = 30_000;
/** A run that holds nothing and wants nothing is looked at so many times later. */
const AT_REST = 100;

/** Leases that are still known after their runs have ended. */
const KNOWN_ENDED = 300;
/** Update ids that are still known after a roll-over. */
const KNOWN_UPDATES = 200;

/** What looking at the holder of a lease has brought. */
export interface FoundOut {
  lease: string;
  news: HolderNews;
}

/** What is to be done outside, once the desk is through. */
export interface Outbox {
  replies: { holder: string; reply: LeaseReply }[];
  asks: { ask: Ask; need: Micros; waiting: number }[];
  withdrawn: string[];
}

/**
 * Who holds what of a tree of accounts, and who waits for what. Plain state; the `ledger` workflow adds time, messages and
 * people. Every decision looks at the account and all above it at once, so that nothing has to be agreed on between ledgers.
 */
export class LedgerDesk {
  readonly accounting: Accounting;
  private out: Outbox = { replies: [], asks: [], withdrawn: [] };

  constructor(
    readonly state: LedgerState,
    private readonly askId: (number: number) => string,
  ) {
    this.accounting = new Accounting(state);
  }

  /** Whether something was asked before under this update id. */
  knows(id: string | undefined): boolean {
    return id !== undefined && (this.state.taken?.includes(id) ?? false);
  }

  /** Whether what is asked under this update id is still to be done; remembers it. */
  takes(id: string | undefined): boolean {
    if (this.knows(id)) return false;
    if (id !== undefined) this.state.taken = [...(this.state.taken ?? []), id].slice(-KNOWN_UPDATES);
    return true;
  }

  open(given: OpenAccount, now: number): void {
    const { state } = this;
    const { account: name, by, reason } = given;
    if (name === state.root) settleTree(state, given);
    const account = newAccount(given, state.unitUsd, now);
    applyTerms(account, given, state.unitUsd);
    state.accounts[name] = account;
    const kind = account.funded === null ? 'open-unfunded' : 'open';
    this.write(kind, name, account.funded ?? 0, now, by, reason);
  }

  topUp({ account: name, amount, by, reason }: TopUp, now: number): void {
    const micros = toMicros(amount * this.state.unitUsd);
    this.fund(this.account(name), micros);
    this.write('top-up', name, micros, now, by, reason);
    this.withdraw(({ account, limit }) => account === name && limit === 'funds');
  }

  setTerms({ by, reason, account: name, ...terms }: SetTerms, now: number): void {
    applyTerms(this.account(name), terms, this.state.unitUsd);
    this.write('terms', name, 0, now, by, `${JSON.stringify(terms)}${reason === undefined ? '' : ` ${reason}`}`);
    this.withdraw(({ account }) => account === name);
  }

  /** What is leased comes back as soon as calls in flight end. */
  freeze({ account: name, by, reason }: Freeze, now: number): void {
    this.account(name).frozen = { by, at: now, ...(reason !== undefined && { reason }) };
    this.write('freeze', name, 0, now, by, reason);
    this.recall(name);
  }

  unfreeze({ account: name, by, reason }: Freeze, now: number): void {
    this.account(name).frozen = null;
    this.write('unfreeze', name, 0, now, by, reason);
  }

  /** A run settles, gives back what it has left, and may want more. */
  take(request: LeaseRequest, now: number): void {
    const { state, accounting } = this;
    const { lease: id, run, holder, account, seq, spent, lost, calls, need, wish, done } = request;
    if (!state.accounts[account]) {
      this.out.replies.push({ holder, reply: { lease: id, seq, answer: 'unknown', granted: spent, spent } });
      return;
    }
    const lease = this.leaseOf(request, now);
    if (seq <= lease.seq) {
      // It was reset: what it did since it was heard of last, nobody will tell any more.
      if (run !== lease.run) this.loseRest(lease, now);
      lease.run = run;
      this.reply(lease, lease.seq, 'behind');
      return;
    }
    Object.assign(lease, { run, seq, heardAt: now, recalled: false });
    accounting.charge(lease, spent, lost, calls, now);
    accounting.takeBack(lease, now);
    this.leaveQueue(id);
    if (done) this.end(lease);
    else if (need > 0) state.queue.push({ lease: id, seq, need, wish: Math.max(wish, need), since: now });
  }

  private leaseOf({ lease: id, holder, account }: LeaseRequest, now: number): LeaseState {
    const { leases, ended } = this.state;
    const begun = {
      id,
      holder,
      account,
      seq: 0,
      granted: 0,
      spent: 0,
      lost: 0,
      calls: 0,
      heardAt: now,
      recalled: false,
    };
    const lease = leases[id] ?? ended?.[id] ?? begun;
    delete ended?.[id];
    leases[id] = lease;
    return lease;
  }

  private end(lease: LeaseState): void {
    const { state } = this;
    delete state.leases[lease.id];
    const ended = Object.entries({ ...state.ended, [lease.id]: lease });
    state.ended = Object.fromEntries(ended.slice(-KNOWN_ENDED));
  }

  /** A run that is over settles without a word of its own: what nobody can tell any more counts as spent. */
  holderSeen(id: string, news: HolderNews, now: number): void {
    const lease = this.state.leases[id];
    if (!lease) return;
    lease.heardAt = now;
    if (news.alive) return;
    const { spent, lost, calls } = news;
    if (spent === null) this.loseRest(lease, now);
    else this.accounting.charge(lease, spent, lost, calls, now);
    this.accounting.takeBack(lease, now, 'reclaim');
    this.leaveQueue(id);
    this.end(lease);
  }

  private loseRest(lease: LeaseState, now: number): void {
    const { granted, spent, lost, calls } = lease;
    this.accounting.charge(lease, granted, lost + granted - spent, calls, now);
  }

  /** What people said to a request for money. */
  decided({ approval, outcome }: Decided, now: number): void {
    const ask = this.state.asks.find(({ id }) => id === approval);
    if (!ask) return;
    this.state.asks = this.state.asks.filter((one) => one !== ask);
    const { verdict, votes, reason } = outcome;
    const by = votes.at(-1)?.by ?? 'nobody';
    if (verdict !== 'approved') {
      this.denied(ask, `the approval was ${verdict}${reason === undefined ? '' : `: ${reason}`}`);
      return;
    }
    const account = this.account(ask.account);
    if (ask.limit === 'funds') this.fund(account, ask.amount);
    else if (ask.limit === 'day') account.dayExtra += ask.amount;
    else account.monthExtra += ask.amount;
    this.write(ask.limit === 'funds' ? 'top-up' : 'allow', ask.account, ask.amount, now, by, reason ?? approval);
  }

  private denied(ask: Ask, because: string): void {
    const stopped = this.state.queue.filter((waiter) => waiter.told === ask.id);
    for (const waiter of stopped) this.stop(waiter, `account "${ask.account}" is empty, and ${because}`);
    this.state.queue = this.state.queue.filter((waiter) => !stopped.includes(waiter));
  }

  /**
   * A new day, and with it perhaps a new month. One that is over does not come again, and its caps not anew: where clocks are put back
   * over midnight, or the next worker asked does not know the zone.
   */
  turnPeriod(period: Period): void {
    const before = this.state.period;
    const isBack = before !== null && period.day < before.day;
    this.state.period = isBack ? { ...before, ends: period.ends } : period;
    if (!before || isBack) return;
    const newDay = before.day !== period.day;
    const newMonth = before.month !== period.month;
    for (const account of Object.values(this.state.accounts)) {
      if (newDay) Object.assign(account, { daySpent: 0, dayExtra: 0, warned: { ...account.warned, day: 0 } });
      if (newMonth)
        Object.assign(account, {
          monthSpent: 0,
          monthExtra: 0,
          autoThisMonth: 0,
          warned: { ...account.warned, month: 0 },
        });
    }
    this.withdraw(({ limit }) => (newDay && limit === 'day') || (newMonth && limit === 'month'));
  }

  /** Takes what came, in order, and what was found out about runs: who is over has said before all it had to say. */
  work(found: readonly FoundOut[], now: number): Outbox {
    for (const request of this.state.inbox.splice(0)) this.take(request, now);
    for (const { lease, news } of found) this.holderSeen(lease, news, now);
    return this.pump(now);
  }

  /** Gives what can be given, first come first served, and says what is to be done outside. */
  pump(now: number): Outbox {
    const blocked = new Set<string>();
    this.state.queue = this.state.queue.filter((waiter) => !this.serve(waiter, blocked, now));
    const { out } = this;
    this.out = { replies: [], asks: [], withdrawn: [] };
    return out;
  }

  /** Leases whose holders have been silent for too long. Their time begins again. */
  silent(now: number): LeaseState[] {
    const silentAt = this.patience();
    const found = Object.values(this.state.leases).filter((lease) => silentAt(lease) <= now);
    for (const lease of found) lease.heardAt = now;
    return found;
  }

  /** When something is to be looked at without a message. */
  nextWake(): number {
    const silentAt = this.patience();
    const { leases, period } = this.state;
    return Object.values(leases).reduce(
      (at, lease) => Math.min(at, silentAt(lease)),
      period?.ends ?? Number.POSITIVE_INFINITY,
    );
  }

  private patience(): (lease: LeaseState) => number {
    const { checkHolders, queue } = this.state;
    const waiting = new Set(queue.map(({ lease }) => lease));
    const usual = waiting.size > 0 ? Math.min(checkHolders, IMPATIENCE_MS) : checkHolders;
    return ({ id, granted, spent, heardAt }) =>
      heardAt + (granted === spent && !waiting.has(id) ? AT_REST * checkHolders : usual);
  }

  /** @returns whether it waits no longer. */
  private serve(waiter: Waiter, blocked: Set<string>, now: number): boolean {
    const lease = this.state.leases[waiter.lease];
    if (!lease) return true;
    const { need } = waiter;
    const path = this.accounting.path(lease);
    const dear = path.find(({ caps }) => caps.call !== null && need > caps.call);
    if (dear)
      return this.stop(waiter, `the next call may cost $${toUsd(need)}, more than "${dear.name}" allows for one call`);
    const frozen = path.find((account) => account.frozen);
    if (frozen) return this.park(waiter, `account "${frozen.name}" is frozen by ${frozen.frozen?.by}`);
    const limits = limitsOf(this.state, lease.account, lease.holder);
    if (limits.some(({ key }) => blocked.has(key))) return false;
    const short = limits.filter(({ free }) => free < need);
    if (short.length === 0) return this.grant(lease, waiter, limits, now);
    if (short.some((limit) => limit.kind === 'funds' && this.autoTopUp(limit.account, now, need)))
      return this.serve(waiter, blocked, now);
    const empty = short.find(({ whole }) => whole < need);
    if (empty) return this.empty(waiter, empty);
    for (const { key, account } of short) {
      blocked.add(key);
      this.recall(account.name);
    }
    return false;
  }

  /**
   * As much as is needed; more where there is plenty, so that a run need not ask before every call: at most what it wishes, and
   * at most an eighth of what is free, shared among all that hold or want some.
   */
  private grant(lease: LeaseState, { seq, need, wish }: Waiter, limits: Limit[], now: number): boolean {
    const { leases, queue } = this.state;
    const free = Math.min(...limits.map((limit) => limit.free));
    const active = Object.values(leases).filter(({ granted, spent }) => granted > spent).length + queue.length;
    const share = Math.floor(free / (SHARES * Math.max(active, 1)));
    const tight = share < need;
    this.accounting.lend(lease, Math.max(need, Math.min(wish, share)), now);
    lease.recalled = tight;
    for (const account of this.accounting.path(lease)) this.autoTopUp(account, now);
    this.reply(lease, seq, 'granted', { ...(tight && { tight }), ...this.unknownPrice(lease) });
    return true;
  }

  private unknownPrice(lease: LeaseState): Pick<LeaseReply, 'unknownPrice'> {
    const said = this.accounting.path(lease).find(({ unknownPrice }) => unknownPrice !== 'refuse')?.unknownPrice;
    return typeof said === 'number' ? { unknownPrice: said } : {};
  }

  private empty(waiter: Waiter, limit: Limit): boolean {
    const { account, kind, whole } = limit;
    const what = kind === 'funds' ? 'is empty' : `has reached its cap on a ${kind}`;
    const because = `account "${account.name}" ${what}: $${toUsd(Math.max(whole, 0))} left, the next call may cost $${toUsd(waiter.need)}`;
    if (kind === 'run' || account.whenEmpty === 'stop') return this.stop(waiter, because);
    return this.park(waiter, because, this.ask(account, kind, waiter.need, whole));
  }

  /** One question for each thing that is empty, however many wait. */
  private ask({ name, ask }: AccountState, limit: Ask['limit'], need: Micros, whole: Micros): string {
    const { state } = this;
    const known = state.asks.find((one) => one.account === name && one.limit === limit);
    if (known) return known.id;
    const wanted = ask.amount === undefined ? ASKED_CALLS * need : toMicros(ask.amount * state.unitUsd);
    const made: Ask = { id: this.askId(++state.asked), account: name, limit, amount: Math.max(wanted, need - whole) };
    state.asks.push(made);
    this.out.asks.push({ ask: made, need, waiting: state.queue.length });
    return made.id;
  }

  private withdraw(which: (ask: Ask) => boolean): void {
    const gone = this.state.asks.filter(which);
    this.state.asks = this.state.asks.filter((ask) => !which(ask));
    this.out.withdrawn.push(...gone.map(({ id }) => id));
  }

  private park(waiter: Waiter, because: string, approval?: string): false {
    const told = approval ?? because;
    if (waiter.told === told) return false;
    waiter.told = told;
    const lease = this.state.leases[waiter.lease];
    if (lease) this.reply(lease, waiter.seq, 'parked', { because, ...(approval !== undefined && { approval }) });
    return false;
  }

  private stop(waiter: Waiter, because: string): true {
    const lease = this.state.leases[waiter.lease];
    if (lease) this.reply(lease, waiter.seq, 'stopped', { because });
    return true;
  }

  /** Each holder is told once, until it is heard of again. */
  private recall(account: string): void {
    for (const lease of Object.values(this.state.leases)) {
      const below = `${lease.account}/`.startsWith(`${account}/`);
      if (!below || lease.recalled || lease.granted === lease.spent) continue;
      lease.recalled = true;
      this.reply(lease, lease.seq, 'recalled');
    }
  }

  /** As many times at once as it takes to cover what is needed and what should be left, as far as the month allows. */
  private autoTopUp(account: AccountState, now: number, need = 0): boolean {
    const { autoTopUp, funded, spent, leased, autoThisMonth } = account;
    if (!autoTopUp || funded === null) return false;
    const { below, amount, mostPerMonth } = autoTopUp;
    const missing = Math.max(below, need) - (funded - spent - leased);
    const times = Math.min(Math.ceil(missing / amount), Math.floor((mostPerMonth - autoThisMonth) / amount));
    if (times <= 0) return false;
    account.autoThisMonth += times * amount;
    this.fund(account, times * amount);
    this.write('auto-top-up', account.name, times * amount, now, 'ledger');
    this.withdraw((ask) => ask.account === account.name && ask.limit === 'funds');
    return true;
  }

  private fund(account: AccountState, amount: Micros): void {
    account.funded = (account.funded ?? 0) + amount;
    account.warned.funds = 0;
  }

  private leaveQueue(lease: string): void {
    this.state.queue = this.state.queue.filter((waiter) => waiter.lease !== lease);
  }

  private reply(
    { id, holder, granted, spent }: LeaseState,
    seq: number,
    answer: LeaseReply['answer'],
    more = {},
  ): void {
    this.out.replies.push({ holder, reply: { lease: id, seq, answer, granted, spent, ...more } });
  }

  private account(name: string): AccountState {
    return this.state.accounts[name] as AccountState;
  }

  private write(
    kind: Parameters<Accounting['note']>[0],
    account: string,
    amount: Micros,
    at: number,
    by: string,
    reason?: string,
  ) {
    this.accounting.book.write({ at, kind, account, amount, by, ...(reason !== undefined && { reason }) });
  }
}
