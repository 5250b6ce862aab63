import type { UpdateDefinition } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  currentUpdateInfo,
  getExternalWorkflowHandle,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { HoldfastActivities } from '../protocol/activities';
import type { BookSegment, EntriesPage, LeaseState, LedgerInput, LedgerState } from '../protocol/budget/ledger';
import { toUsd } from '../protocol/budget/money';
import type { Freeze } from '../protocol/budget/terms';
import { contentDigest } from '../protocol/content-digest';
import { SIGNAL } from '../protocol/names';
import { ARCHIVE_ENTRIES, LOOK_AT_HOLDER, NOTIFY_BUDGET, PERIOD } from './activity-options';
import { Alarm } from './alarm';
import { approvalIdOf, openApproval } from './ask-approval';
import { checkFreeze, checkOpen, checkSetTerms, checkTopUp, isDecided, isLeaseRequest } from './ledger/check-ledger';
import { type FoundOut, LedgerDesk, type Outbox } from './ledger/desk';
import { newLedger } from './ledger/new-ledger';
import { accountViews, ledgerDetails } from './ledger/view';
import {
  accountsQuery,
  decidedSignal,
  entriesQuery,
  freezeUpdate,
  leaseSignal,
  openAccountUpdate,
  setTermsUpdate,
  topUpUpdate,
  unfreezeUpdate,
} from './messages';

const { budgetPeriod } = proxyLocalActivities<HoldfastActivities>(PERIOD);
const { lookAtHolder } = proxyActivities<HoldfastActivities>(LOOK_AT_HOLDER);
const { archiveEntries } = proxyActivities<HoldfastActivities>(ARCHIVE_ENTRIES);
const { notifyBudget } = proxyActivities<HoldfastActivities>(NOTIFY_BUDGET);

/**
 * The money of one tree of accounts. Runs lease and settle by signals, which wait here for their turn; people act by updates. It
 * never ends; it continues as new with all it knows, but for the entries, which are archived.
 */
export async function ledger({ root, entriesPerRun, state }: LedgerInput): Promise<void> {
  const run = new LedgerRun(
    new LedgerDesk(state ?? newLedger(root), (number) => approvalIdOf(workflowInfo().workflowId, number)),
  );
  run.entriesPerRun = entriesPerRun;
  run.handleMessages();
  run.handlePeople();
  for (;;) {
    await run.turnPeriod();
    run.work();
    if (run.rolloverDue) return run.rollOver();
    await run.untilAwake();
  }
}

class LedgerRun {
  private readonly alarm = new Alarm('look at runs that hold money');
  entriesPerRun: number | undefined;
  private awake = false;
  private readonly found: FoundOut[] = [];
  /** Messages on their way: they would be lost if this Temporal run closed first. */
  private sending = 0;

  constructor(private readonly desk: LedgerDesk) {}

  handleMessages(): void {
    const { desk } = this;
    const { state } = desk;
    setHandler(accountsQuery, () => accountViews(state));
    setHandler(entriesQuery, (from, to) => this.entries(from, to));
    setHandler(leaseSignal, (request) => {
      if (!isLeaseRequest(request)) return;
      state.inbox.push(request);
      this.awake = true;
    });
    setHandler(decidedSignal, (decided) => {
      if (!isDecided(decided)) return;
      desk.decided(decided, Date.now());
      this.awake = true;
    });
  }

  handlePeople(): void {
    const { desk } = this;
    const { state } = desk;
    const id = () => currentUpdateInfo()?.id;
    /** What is asked again under its update id was done, also where the ledger continued as new in between. */
    const on = <Given>(
      update: UpdateDefinition<void, [Given]>,
      act: (given: Given, now: number) => void,
      check: (given: Given) => void,
    ): void => {
      const handler = (given: Given): void => {
        if (!desk.takes(id())) return;
        act.call(desk, given, Date.now());
        this.awake = true;
      };
      const validator = (given: Given): void => {
        if (!desk.knows(id())) check(given);
      };
      setHandler(update, handler, { validator });
    };
    on(openAccountUpdate, desk.open, (given) => checkOpen(state, given));
    on(topUpUpdate, desk.topUp, (given) => checkTopUp(state, given));
    on(setTermsUpdate, desk.setTerms, (given) => checkSetTerms(state, given));
    on(freezeUpdate, desk.freeze, (given: Freeze) => checkFreeze(state, given, true));
    on(unfreezeUpdate, desk.unfreeze, (given: Freeze) => checkFreeze(state, given, false));
  }

  private entries(from?: number, to?: number): EntriesPage {
    const { accounting, state } = this.desk;
    const { book } = accounting;
    const { written, unit, unitUsd, segment } = state;
    const page = book.page(from ?? book.from, to ?? written);
    return { ...page, from: book.from, written, unit, unitUsd, ...(segment && { segment }) };
  }

  /** Days begin where the tree says; a worker knows the clocks of the world. */
  async turnPeriod(): Promise<void> {
    const { desk } = this;
    const { period, timeZone, accounts, root } = desk.state;
    const now = Date.now();
    if (!accounts[root] || (period && now < period.ends)) return;
    desk.turnPeriod(await budgetPeriod(now, timeZone));
  }

  work(): void {
    this.awake = false;
    this.alarm.rang = false;
    const { desk } = this;
    const { state } = desk;
    const now = Date.now();
    this.carryOut(desk.work(this.found.splice(0), now));
    for (const lease of desk.silent(now)) this.lookAt(lease);
    for (const notice of desk.accounting.notices.splice(0)) notifyBudget(notice).catch(() => undefined);
    setCurrentDetails(ledgerDetails(state));
  }

  private carryOut({ replies, asks, withdrawn }: Outbox): void {
    for (const { holder, reply } of replies) {
      // A run that is gone takes no answer: it is looked at, and what it holds comes back.
      const sent = getExternalWorkflowHandle(holder).signal(SIGNAL.leased, reply);
      this.send(sent.catch(() => this.lookAtId(reply.lease)));
    }
    for (const id of withdrawn) this.send(getExternalWorkflowHandle(id).cancel());
    for (const { ask, need, waiting } of asks) {
      const { account, limit, amount, id } = ask;
      const { ask: terms, name } = this.desk.state.accounts[account] as { ask: object; name: string };
      const { amount: _amount, ...approvers } = terms as { amount?: number };
      const usd = (micros: number) => `$${toUsd(micros).toFixed(4)}`;
      const what = limit === 'funds' ? `top up "${name}" by` : `let "${name}" spend, in this ${limit}, beyond its cap,`;
      const title = `${what} ${usd(amount)}`;
      const body = `The next call may cost ${usd(need)} and there is not enough left. Runs waiting: ${waiting}.`;
      const digest = contentDigest({ id, account, limit, amount });
      this.send(openApproval(id, { ...approvers, kind: 'budget', title, body, digest, answerTo: SIGNAL.decided }));
    }
  }

  private lookAtId(id: string): void {
    const lease = this.desk.state.leases[id];
    if (lease) this.lookAt(lease);
  }

  private lookAt({ id, holder }: LeaseState): void {
    lookAtHolder({ holder, lease: id }).then(
      (news) => {
        this.found.push({ lease: id, news });
        this.awake = true;
      },
      () => undefined,
    );
  }

  private send(message: Promise<unknown>): void {
    this.sending++;
    message
      .catch(() => undefined)
      .finally(() => {
        this.sending--;
      });
  }

  async untilAwake(): Promise<void> {
    const at = this.desk.nextWake();
    if (Number.isFinite(at)) this.alarm.set(at);
    await condition(() => this.awake || this.alarm.rang || this.rolloverDue);
  }

  get rolloverDue(): boolean {
    const { state, accounting } = this.desk;
    const here = state.written + 1 - accounting.book.from;
    return workflowInfo().continueAsNewSuggested || here >= (this.entriesPerRun ?? Number.POSITIVE_INFINITY);
  }

  /** What comes while this closes is taken along. */
  async rollOver(): Promise<never> {
    const { state, accounting } = this.desk;
    const { from } = accounting.book;
    for (;;) {
      const { written: to, root } = state;
      // What is carried says where these entries are; this run itself goes on to say where those before it are.
      const archived = to >= from ? await this.archived(root, from, to) : state.segment;
      await condition(() => allHandlersFinished() && this.sending === 0);
      // People may have acted meanwhile: their entries must be in the archive too.
      if (state.written > to) continue;
      const carried: LedgerState = { ...state, ...(archived && { segment: archived }) };
      const { entriesPerRun } = this;
      return continueAsNew<typeof ledger>({ root, ...(entriesPerRun && { entriesPerRun }), state: carried });
    }
  }

  /** A store that does not work must not keep the money from moving: the closed run answers for its entries. */
  private archived(root: string, from: number, to: number): Promise<BookSegment> {
    return archiveEntries({ root, from, to }).catch(() => ({ from, to, runId: workflowInfo().runId }));
  }
}
