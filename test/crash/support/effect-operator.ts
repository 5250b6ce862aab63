import { setTimeout as sleep } from 'node:timers/promises';
import type { HoldfastClient } from '../../../client';
import type { ApprovalSummary } from '../../../client/approvals';
import type { Settlement } from '../../../protocol/effect';

/** What the operator finds out about an effect nobody knows the outcome of. */
export type Settle = (asked: ApprovalSummary) => Settlement | Promise<Settlement>;

export interface Operator {
  stop(): Promise<void>;
}

const ROUND_MS = 300;
const ANSWER_MS = 10_000;

/** Somebody who answers for effects whose outcome is unknown, so that runs go on. Whoever is not there to be asked is asked again. */
export function startOperator(holdfast: HoldfastClient, settle: Settle = () => 'abandon'): Operator {
  let over = false;
  const answered = new Set<string>();
  const round = async (): Promise<void> => {
    const open = (await holdfast.approvals.list()).filter(({ kind, id }) => kind === 'effect' && !answered.has(id));
    await Promise.all(open.map((asked) => answer(asked).catch(() => undefined)));
  };
  const answer = async (asked: ApprovalSummary): Promise<void> => {
    const settlement = await settle(asked);
    const decide = () => holdfast.approvals.answer(asked.id, settlement, { reason: 'looked it up' });
    await holdfast.temporal.withDeadline(Date.now() + ANSWER_MS, decide);
    answered.add(asked.id);
  };
  const watching = (async () => {
    for (; !over; await sleep(ROUND_MS)) await round().catch(() => undefined);
  })();
  return {
    async stop() {
      over = true;
      await watching;
    },
  };
}
