import type { PlanNode } from '../../protocol/plan/definition';
import { FINAL, type NodeProgress } from '../../protocol/plan/state';

const NEVER = Number.POSITIVE_INFINITY;

/** Whether something happens to a node at a certain time. */
export function isTimed({ notBefore, softDeadline, deadline }: PlanNode): boolean {
  return notBefore !== undefined || softDeadline !== undefined || deadline !== undefined;
}

/** When time next brings something for a node, ms since epoch. @param isFree whether all it comes after has ended. */
export function whenDue(
  { deadline, softDeadline, notBefore }: PlanNode,
  { status, notBefore: retryAt, late }: NodeProgress,
  startedAt: number,
  isFree: () => boolean,
): number {
  if (FINAL.has(status)) return NEVER;
  const at = (offset: number | undefined) => (offset === undefined ? NEVER : startedAt + offset);
  const due = Math.min(at(deadline), late ? NEVER : at(softDeadline));
  if (status !== 'pending') return due;
  // What waits for others is looked at when they end.
  const opens = Math.max(retryAt ?? 0, notBefore === undefined ? 0 : startedAt + notBefore);
  return opens > 0 && isFree() ? Math.min(due, opens) : due;
}
