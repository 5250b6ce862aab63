import type { FailureCode } from '../../protocol/failures';
import { HoldfastError } from '../../protocol/failures';
import { neverSent } from '../providers/vendor-errors';

/** What a heartbeat tells the next attempt. */
interface Paid {
  /** Attempts that are accounted for here. */
  attempts: number;
  /** US dollars that they may have cost. */
  lostUsd: number;
  /** Those among them that were lost before anybody knew what they could cost. */
  unseen: number;
}

/** The vendor refused before it began to answer: nobody is charged for that. */
const FREE: readonly FailureCode[] = [
  'Model.RateLimited',
  'Model.Overloaded',
  'Model.InvalidRequest',
  'Model.NotFound',
  'Model.ContextTooLong',
  'Model.Auth',
  'Model.QuotaExhausted',
  'Model.MissingKey',
];
/** A gateway lost patience; the vendor behind it may have gone on. */
const GATEWAY_GAVE_UP = [408, 499, 504];

/**
 * What the attempts of one call have cost. An attempt whose worker was lost after the request was sent has cost money that nobody
 * saw: the attempts after it count its worst case, so that what is really spent stays within what is allowed.
 */
export class AttemptCosts {
  private lost: number;
  private unseen: number;
  private own = 0;
  private ended = false;

  /** @param details the last heartbeat of earlier attempts. */
  constructor(
    private readonly attempt: number,
    details: unknown,
  ) {
    const { attempts, lostUsd, unseen } = paidOf(details);
    this.lost = lostUsd;
    this.unseen = unseen + Math.max(attempt - 1 - attempts, 0);
  }

  /** Now the worst case of an attempt is known. @returns what earlier ones may have cost. */
  earlier(worstUsd: number): number {
    this.lost += this.unseen * worstUsd;
    this.unseen = 0;
    return this.lost;
  }

  /** From here on the vendor may charge. */
  sending(worstUsd: number): void {
    this.own = worstUsd;
  }

  /** @param received whether any of the answer came. */
  failed(error: unknown, received: boolean): void {
    if (!received && isFree(error)) this.own = 0;
  }

  /** The answer came; should the attempt fail after that, this is what it cost. */
  answered(costUsd: number): void {
    this.own = costUsd;
  }

  /** The attempt ends without a result, and lived to say so. */
  end(): void {
    this.ended = true;
  }

  /** What is lost if the call ends here without a result; undefined when it cannot be told. */
  get lostUsd(): number | undefined {
    return this.unseen > 0 ? undefined : this.lost + this.own;
  }

  /** For the next attempt. */
  get paid(): Paid {
    const { attempt, lost, own, unseen, ended } = this;
    return ended
      ? { attempts: attempt, lostUsd: lost + own, unseen }
      : { attempts: attempt - 1, lostUsd: lost, unseen };
  }
}

const NOTHING: Paid = { attempts: 0, lostUsd: 0, unseen: 0 };

function paidOf(details: unknown): Paid {
  const paid = (details as { paid?: Partial<Paid> } | null | undefined)?.paid;
  const known = [paid?.attempts, paid?.lostUsd, paid?.unseen].every((value) => typeof value === 'number');
  return known ? (paid as Paid) : NOTHING;
}

function isFree(error: unknown): boolean {
  if (!HoldfastError.is(error)) return false;
  const { status } = error as { status?: number };
  if (status !== undefined && status >= 400 && !GATEWAY_GAVE_UP.includes(status)) return true;
  return FREE.includes(error.code) || neverSent(error);
}
