import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { InvokeModelInput, LeaseShort } from '../../protocol/activities';
import { type Micros, toMicros, toUsd } from '../../protocol/budget/money';
import type { Prices } from '../providers/prices';
import type { ModelRequest } from '../providers/provider';
import { AttemptCosts } from './attempt-costs';
import { withinBudget, worstCaseOf } from './request';

type Money = Pick<InvokeModelInput, 'budgetUsd' | 'leased' | 'unknownPrice'>;

/** Where money is limited, what lost attempts may have cost is counted. */
export function costsOf({ budgetUsd, leased }: Money): AttemptCosts | undefined {
  if (budgetUsd === undefined && leased === undefined) return undefined;
  const { attempt, heartbeatDetails } = activityInfo();
  return new AttemptCosts(attempt, heartbeatDetails);
}

export interface Bill extends Money {
  /** `provider/model` */
  route: string;
  tokens: number;
  prices: Prices;
  costs: AttemptCosts | undefined;
}

/**
 * The request as it may be sent, or what has to be leased for it; what earlier attempts may have cost counts first.
 * @throws HoldfastError `Limit.Cost`, `Model.UnknownPrice`.
 */
export function payable(
  request: ModelRequest,
  { route, tokens, prices, costs, budgetUsd, leased, unknownPrice }: Bill,
): { affordable: ModelRequest; lostUsd: number; worst?: Micros } | LeaseShort {
  if (!costs) return { affordable: request, lostUsd: 0 };
  // Only the ledger knows what a call without a price counts as, and it has not been asked yet.
  const unknown = unknownPrice === undefined && prices.worstCaseUsd(route, tokens, 0) === null;
  if (leased === 0 && unknown) return { short: { need: 1 } };
  const unknownUsd = unknownPrice === undefined ? undefined : toUsd(unknownPrice);
  const worst = ({ parameters }: ModelRequest) =>
    worstCaseOf(route, tokens, parameters.maxOutputTokens, prices, unknownUsd);
  const first = toMicros(worst(withinBudget(request, route, tokens, budgetUsd, prices, unknownUsd)));
  // What is leased did not cover it before either: no attempt was sent, and none that was lost has cost anything.
  if (leased !== undefined && first > leased) return { short: { need: first } };
  // Attempts before this one asked for no more than the request as it came.
  const lostUsd = costs.earlier(worst(request));
  const left = budgetUsd === undefined ? undefined : budgetUsd - lostUsd;
  const affordable = withinBudget(request, route, tokens, left, prices, unknownUsd);
  const need = toMicros(worst(affordable));
  if (leased !== undefined && toMicros(lostUsd) + need > leased) {
    return { short: { need, ...(lostUsd > 0 && { lostUsd }) } };
  }
  costs.sending(worst(affordable));
  return { affordable, lostUsd, ...(leased !== undefined && { worst: first }) };
}

/** The last word of an attempt that gives no result: the next one must know what this one may have cost. */
export function endUnpaid(costs: AttemptCosts | undefined): void {
  if (!costs) return;
  costs.end();
  Context.current().heartbeat({ paid: costs.paid });
}

/** A call that ends for good without a result says what it may have cost. */
export function withLoss(error: unknown, costs: AttemptCosts | undefined): unknown {
  const lostUsd = costs?.lostUsd;
  if (lostUsd === undefined) return error;
  if (error instanceof CancelledFailure) return new CancelledFailure(error.message, [{ lostUsd }]);
  if (!(error instanceof ApplicationFailure)) return error;
  const [first, ...rest] = error.details ?? [];
  const { message, type, nonRetryable, nextRetryDelay, cause } = error;
  return ApplicationFailure.create({
    message,
    details: [{ ...(first as object | undefined), lostUsd }, ...rest],
    ...(type != null && { type }),
    ...(nonRetryable != null && { nonRetryable }),
    ...(nextRetryDelay != null && { nextRetryDelay }),
    ...(cause && { cause }),
  });
}
