import type { ApprovalOutcome } from '../approval';
import type { ArtifactRef } from '../messages';
import type { Entry } from './entry';
import type { LeaseRequest } from './lease';
import type { Micros } from './money';
import type { AccountTerms } from './terms';

export type Caps = Record<'day' | 'month' | 'run' | 'call', Micros | null>;

/** Days and months of the tree's time zone. */
export interface Period {
  /** `2026-11-21` */
  day: string;
  /** `2026-11` */
  month: string;
  /** When the day is over, ms since epoch. */
  ends: number;
}

export interface AccountState {
  name: string;
  openedAt: number;
  /** Null: it has no funds of its own, and its caps and the accounts above it hold it. */
  funded: Micros | null;
  /** With all accounts below it, as are the next ones. */
  spent: Micros;
  leased: Micros;
  lost: Micros;
  daySpent: Micros;
  monthSpent: Micros;
  /** Allowed on top of the cap, for this period only. */
  dayExtra: Micros;
  monthExtra: Micros;
  autoThisMonth: Micros;
  calls: number;
  caps: Caps;
  warnAt: number[];
  /** The highest part people were told of. */
  warned: Record<'funds' | 'day' | 'month', number>;
  whenEmpty: 'ask' | 'stop';
  ask: NonNullable<AccountTerms['ask']>;
  /** In micros. */
  autoTopUp: { below: Micros; amount: Micros; mostPerMonth: Micros } | null;
  unknownPrice: 'refuse' | Micros;
  frozen: { by: string; at: number; reason?: string } | null;
}

export interface LeaseState {
  id: string;
  /** The Temporal run that was heard of last. */
  run?: string;
  holder: string;
  account: string;
  seq: number;
  granted: Micros;
  spent: Micros;
  lost: Micros;
  calls: number;
  /** When its holder was last heard of. */
  heardAt: number;
  /** It was told to give back what it does not use. */
  recalled: boolean;
}

/** A lease that waits for money, in the order of asking. */
export interface Waiter {
  lease: string;
  seq: number;
  need: Micros;
  wish: Micros;
  since: number;
  /** What its holder was told of why. */
  told?: string;
}

/** An approval that would add to an account. */
export interface Ask {
  id: string;
  account: string;
  limit: 'funds' | 'day' | 'month';
  amount: Micros;
}

/** Where the entries of an earlier Temporal run of the ledger are. */
export interface BookSegment {
  from: number;
  to: number;
  runId: string;
  /** Absent where they could not be archived: that Temporal run answers for them until its retention ends. */
  artifact?: ArtifactRef;
}

/** All a ledger knows; carried when it continues as new. */
export interface LedgerState {
  root: string;
  unit: 'usd' | 'credits';
  /** US dollars of one unit. */
  unitUsd: number;
  timeZone: string;
  checkHolders: number;
  period: Period | null;
  accounts: Record<string, AccountState>;
  leases: Record<string, LeaseState>;
  /** Of the runs that ended last, the latest last: one of them may be reset, and count on from what it had spent. */
  ended?: Record<string, LeaseState>;
  /** What runs spent under caps on runs: by account and outermost run, the latest last. */
  runs: Record<string, { spent: Micros; leased: Micros }>;
  queue: Waiter[];
  asks: Ask[];
  asked: number;
  /** Entries written so far, and the digest of the last. */
  written: number;
  digest: string;
  segment?: BookSegment;
  /** Update ids of what people did last: the server knows those of one Temporal run only. */
  taken?: string[];
  /** Came while it continued as new. */
  inbox: LeaseRequest[];
}

/** The input of the `ledger` workflow. */
export interface LedgerInput {
  /** The name of the account all others are below. */
  root: string;
  /** Entries per Temporal run before it continues as new. Default: when the server suggests it. */
  entriesPerRun?: number;
  /** Set by the workflow itself when it continues as new. */
  state?: LedgerState;
}

/** An account as people see it; amounts in its unit. */
export interface AccountView {
  account: string;
  unit: 'usd' | 'credits';
  /** US dollars of one unit. */
  unitUsd: number;
  funded: number | null;
  spent: number;
  /** Reserved by runs that go on. */
  leased: number;
  /** What may still be leased, by this account and all above it; null: no limit. */
  available: number | null;
  /** Of what was spent: what calls may have cost whose worker was lost. */
  lost: number;
  /** Priced calls. */
  calls: number;
  today: number;
  thisMonth: number;
  caps: { [K in keyof Caps]?: number };
  timeZone: string;
  whenEmpty: 'ask' | 'stop';
  unknownPrice: 'refuse' | number;
  frozen: AccountState['frozen'];
  /** Runs that hold money, and runs that wait for some. */
  holders: number;
  waiting: number;
  /** Open approvals that would add to it. */
  approvals: string[];
}

/** The answer to the `entries` query: entries of one Temporal run of the ledger. */
export interface EntriesPage {
  entries: Entry[];
  /** The number of the first entry this Temporal run has. */
  from: number;
  /** Written so far. */
  written: number;
  /** The digest before `entries`. */
  digest: string;
  unitUsd: number;
  unit: 'usd' | 'credits';
  /** Where the entries before `from` are. */
  segment?: BookSegment;
}

/** What an approval tells whoever asked, by signal. */
export interface Decided {
  approval: string;
  outcome: ApprovalOutcome;
}

export interface LookAtHolderInput {
  holder: string;
  lease: string;
}

/** `spent` is null when it cannot be known any more. */
export type HolderNews = { alive: true } | { alive: false; spent: Micros | null; lost: Micros; calls: number };

export interface ArchiveEntriesInput {
  root: string;
  from: number;
  to: number;
}

/** People are told that an account has spent a part of what it may. */
export interface BudgetNotice {
  event: 'budget-warning';
  account: string;
  limit: 'funds' | 'day' | 'month';
  /** The part that is spent, 1 for all. */
  part: number;
  spent: number;
  of: number;
  unit: 'usd' | 'credits';
}
