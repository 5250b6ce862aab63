import type { Micros } from './money';

/*
 * Between a run and its ledger, by signals. Both sides count up from the run's beginning (spent so far, granted so far), so a
 * message that comes twice, or comes after a later one, changes nothing.
 */

/** From a run: what it has spent, and what it must be able to spend. Whatever of its last lease is left is given back with it. */
export interface LeaseRequest {
  /** The run's first Temporal run. */
  lease: string;
  /** The Temporal run that asks. One that begins to count again under the same lease was reset. */
  run?: string;
  /** Workflow id of the run. */
  holder: string;
  account: string;
  /** Counts the messages of a run. */
  seq: number;
  /** Spent since the run began. */
  spent: Micros;
  /** Of that, what calls may have cost whose worker was lost. */
  lost: Micros;
  /** Priced calls since the run began. */
  calls: number;
  /** What the next call may cost; 0 when there is none for now. */
  need: Micros;
  /** What would save asking again soon. */
  wish: Micros;
  /** The run is over. */
  done?: true;
}

/**
 * `granted`: it may spend up to `granted`. `parked`: the account is empty or frozen, people are asked; there will be another
 * answer. `stopped`: there is no money, and nobody is asked. `recalled`: others wait; what is not in use should come back.
 * `behind`: the ledger has heard of later messages than this one (the run was reset). `unknown`: the tree has no such account.
 */
export type LeaseAnswer = 'granted' | 'parked' | 'stopped' | 'recalled' | 'behind' | 'unknown';

/** To a run. */
export interface LeaseReply {
  lease: string;
  /** Of the request this answers. */
  seq: number;
  answer: LeaseAnswer;
  /** May be spent since the run began. */
  granted: Micros;
  /** As the ledger knows it. */
  spent: Micros;
  /** Money is short: what is left after a call should come back at once. */
  tight?: true;
  /** What a call to a model without a price counts as. */
  unknownPrice?: Micros;
  /** Why it is parked or stopped. */
  because?: string;
  /** The approval that would top up. */
  approval?: string;
}

/** What a run keeps of its money over a continue-as-new. */
export interface PurseState {
  account: string;
  lease: string;
  seq: number;
  spent: Micros;
  granted: Micros;
  lost: Micros;
  calls: number;
  /** What the last call could have cost. */
  worst: Micros;
  /** What the last model call cost; absent before the first, and in what an older build has kept. */
  last?: Micros;
  /** How much more it could have cost than the one before. */
  grows?: Micros;
  tight: boolean;
  unknownPrice?: Micros;
}

/** The answer to the `purse` query. */
export interface PurseView extends PurseState {
  /** What the call in flight may cost. */
  atRisk: Micros;
}
