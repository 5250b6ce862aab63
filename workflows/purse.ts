import type { LeaseReply, LeaseRequest, PurseState, PurseView } from '../protocol/budget/lease';
import type { Micros } from '../protocol/budget/money';
import { toApplicationFailure } from './failures';
import type { Stop } from './gates';

/** What a run tells its ledger; who it is, is added where it is known. */
export type LeaseMessage = Omit<LeaseRequest, 'holder' | 'run'>;

/** What a purse needs of Temporal and of its session. */
export interface PurseDeps {
  /** Resolves once the ledger has it; rejects when there is no such ledger. */
  send(message: LeaseMessage): Promise<void>;
  until(condition: () => boolean): Promise<void>;
  /** Tells that the run waits for people, and why; undefined when it does no more. */
  onParked(parked: LeaseReply | undefined): void;
}

/** Calls a lease should last for, by what calls cost so far: on average, or the last where that was more. */
const CALLS_AHEAD = 20;
/** What a call costs as long as none was made, as a part of its worst case. */
const GUESS = 0.1;
/** What the next call may cost more than the last: the conversation grows. */
const GROWTH = 1.25;

/**
 * A run's money: leased from its ledger, spent here call by call, given back when it is not needed. Both sides count up from the
 * run's beginning, so that nothing is lost or counted twice whatever is repeated.
 */
export class Purse {
  /** What the call in flight may cost. */
  private atRisk: Micros = 0;
  /** A request that has no answer yet. */
  private asked = false;
  private answer: LeaseReply | undefined;
  private failure: Error | undefined;
  private recalled = false;
  /** Whether the ledger knows all there is, and holds nothing for this run. */
  private settled: boolean;
  private sending = 0;

  constructor(
    readonly state: PurseState,
    private readonly deps: PurseDeps,
  ) {
    this.settled = state.seq === 0;
  }

  static fresh(account: string, lease: string, deps: PurseDeps): Purse {
    const none = { seq: 0, spent: 0, granted: 0, lost: 0, calls: 0, worst: 0, tight: false };
    return new Purse({ account, lease, ...none }, deps);
  }

  private get free(): Micros {
    return this.state.granted - this.state.spent;
  }

  /** Sets aside what the next call may use: not all there is, so that a call whose cost is never known costs less. */
  offer(): { leased: Micros; unknownPrice?: Micros } {
    const { worst, unknownPrice } = this.state;
    this.atRisk = worst === 0 ? this.free : Math.min(this.free, Math.ceil(worst * GROWTH));
    return { leased: this.atRisk, ...(unknownPrice !== undefined && { unknownPrice }) };
  }

  /** Sees to it that a call of this worst case can be made; or says why it cannot. */
  async cover(need: Micros): Promise<Stop | undefined> {
    // What was called back goes back before the next call, and is asked for anew.
    while (this.free < need || (this.recalled && need > 0)) {
      if (this.asked) {
        await this.deps.until(() => !this.asked);
        continue;
      }
      const stop = await this.ask(need);
      if (stop) return stop;
    }
    return undefined;
  }

  /** The call in flight was not made after all, and is to be offered this much. */
  short(need: Micros, lost: Micros): void {
    this.pay(0, lost);
    this.state.worst = need;
  }

  /** What was in flight has cost this. @param worst what it could have cost, where that is known. */
  pay(cost: Micros, lost: Micros, worst?: Micros): void {
    const { state } = this;
    this.atRisk = 0;
    if (worst !== undefined) this.learn(cost, worst);
    if (cost > 0) state.calls++;
    if (cost + lost === 0) return;
    this.settled = false;
    state.spent += cost + lost;
    state.lost += lost;
  }

  /** What the next calls will cost, and could, is told by this one and how it differs from the one before. */
  private learn(last: Micros, worst: Micros): void {
    const { state } = this;
    const grows = state.worst === 0 ? 0 : Math.max(0, worst - state.worst);
    Object.assign(state, { worst, last, grows });
  }

  /** The call ended, and nobody can say what it cost. */
  lose(): void {
    this.pay(0, this.atRisk);
  }

  /** Others wait for money: what is left should not rest here while tools run. */
  breathe(): void {
    if (this.state.tight || this.recalled) this.release();
  }

  /** Settles, and gives back what is left. Nothing is waited for. */
  release(): void {
    if (this.settled || this.asked || this.atRisk > 0) return;
    this.send(0).catch(() => undefined);
  }

  /** The last word; also withdraws what was asked for. */
  async close(): Promise<void> {
    if (this.atRisk > 0) this.lose();
    // The last word must come last: messages that leave together may arrive in any order.
    await this.flushed();
    // A ledger that is gone keeps no run from ending.
    if (!this.settled) await this.send(0, true).catch(() => undefined);
    await this.flushed();
  }

  /** Messages on their way would be lost if the Temporal run closed first. */
  async flushed(): Promise<void> {
    if (this.sending > 0) await this.deps.until(() => this.sending === 0);
  }

  view(): PurseView {
    return { ...this.state, atRisk: this.atRisk };
  }

  hear(reply: LeaseReply): void {
    const { state } = this;
    // Signals cannot be refused: what makes no sense is left alone.
    if (!isReply(reply) || reply.lease !== state.lease) return;
    if (reply.answer === 'recalled') {
      this.recalled = true;
      if (this.atRisk === 0) this.release();
    } else if (reply.answer === 'behind') {
      // This run was reset: what it spent before that counts, and the ledger is asked again.
      state.seq = Math.max(state.seq, reply.seq);
      state.spent = Math.max(state.spent, reply.spent);
      state.granted = state.spent;
      this.answer = reply;
    } else if (reply.seq === state.seq) this.take(reply);
  }

  private take(reply: LeaseReply): void {
    const { state } = this;
    if (reply.answer === 'parked') {
      if (this.asked) this.deps.onParked(reply);
      return;
    }
    if (reply.answer === 'granted') {
      state.granted = reply.granted;
      state.tight = reply.tight ?? false;
      this.settled = false;
      if (reply.unknownPrice === undefined) delete state.unknownPrice;
      else state.unknownPrice = reply.unknownPrice;
    }
    this.answer = reply;
  }

  private async ask(need: Micros): Promise<Stop | undefined> {
    this.asked = true;
    this.answer = undefined;
    this.failure = undefined;
    try {
      this.send(need).catch((error) => {
        this.failure = error;
      });
      await this.deps.until(() => this.answer !== undefined || this.failure !== undefined);
    } finally {
      this.asked = false;
      this.deps.onParked(undefined);
    }
    return this.outcome();
  }

  private outcome(): Stop | undefined {
    const { answer, failure } = this;
    if (!answer) throw failure;
    if (answer.answer === 'unknown') throw noAccount(this.state.account);
    return answer.answer === 'stopped'
      ? { reason: 'max-cost', detail: answer.because ?? 'no money is left' }
      : undefined;
  }

  private async send(need: Micros, done = false): Promise<void> {
    const { state } = this;
    const { account, lease, spent, lost, calls, last = 0, grows = 0 } = state;
    state.seq++;
    state.granted = spent;
    this.recalled = false;
    this.settled = need === 0;
    // A conversation grows: the next calls cost rather what the last did than what all did on average, and could cost more and more.
    const each = calls === 0 ? need * GUESS : Math.max(spent / calls, last);
    const wish = need === 0 ? 0 : Math.ceil(need + CALLS_AHEAD * (each + grows));
    this.sending++;
    try {
      await this.deps.send({ lease, account, seq: state.seq, spent, lost, calls, need, wish, ...(done && { done }) });
    } finally {
      this.sending--;
    }
  }
}

function isReply(given: LeaseReply): boolean {
  const { seq, granted, spent } = Object(given) as Partial<LeaseReply>;
  return [seq, granted, spent].every((value) => Number.isSafeInteger(value) && Number(value) >= 0);
}

export function noAccount(account: string, why?: string): Error {
  return toApplicationFailure({
    code: 'Budget.Unknown',
    message: `there is no account "${account}"${why === undefined ? '' : `: ${why}`}`,
    hint: `Create it: holdfast budget create ${account}`,
  });
}
