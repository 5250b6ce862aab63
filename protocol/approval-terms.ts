import type { ApprovalTerms } from './approval';

/** What an approver is written as; plain, because the workflow asks it too. */
export const APPROVER = /^(user:|role:)[^\s:][^:\n]{0,199}$|^manager$|^anyone$/;

/** Names of one person in two spellings: case, Unicode form, blanks and what cannot be seen do not make another. */
export function personOf(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, (hidden) => (/\s/.test(hidden) ? ' ' : ''))
    .toLowerCase()
    .normalize('NFKC')
    .trim();
}

/**
 * By whom a question has to be answered, as one text: equal where the same people may; empty where anybody may. What is no such terms
 * is refused where it is asked, and only has to be told apart here.
 */
export function whoDecides({ approvers, quorum = 1, excludeRequester = false, escalate }: ApprovalTerms): string {
  const later = Array.isArray(escalate) ? escalate.map((step) => step?.approvers) : [];
  const stages = [approvers, ...later].map((stage = ['anyone']) => (Array.isArray(stage) ? stage : [stage]));
  if (quorum === 1 && !excludeRequester && stages.every((stage) => stage.includes('anyone'))) return '';
  const people = stages.map((stage) => [...new Set(stage)].sort().join(' ')).join(' > ');
  return `${quorum} of ${people}${excludeRequester ? ' but the requester' : ''}`;
}

/**
 * What makes terms that nobody could ever meet, in one sentence; undefined where all is well. Plain code: the workflow asks it
 * too.
 * @param requester where known, who does not count with `excludeRequester`.
 */
export function termsProblem(terms: ApprovalTerms, requester?: string): string | undefined {
  const { approvers = ['anyone'], escalate = [], quorum = 1, excludeRequester = false } = terms;
  const stages = [approvers, ...escalate.map((step) => step.approvers)];
  const keys = stages.map((stage) => [...new Set(stage)].sort().join(' '));
  const again = keys.findIndex((key, at) => keys.indexOf(key) !== at);
  if (again >= 0)
    return `escalate: the same approvers are asked again (${keys[again]}); a chain must not run in a circle`;
  const excluded = excludeRequester && requester !== undefined ? personOf(requester) : undefined;
  for (const [at, stage] of stages.entries()) {
    const people = new Set(
      stage.map((one) => one.replace(/^user:(.*)$/s, (_all, name: string) => `user:${personOf(name)}`)),
    );
    if (![...people].every((one) => one.startsWith('user:'))) continue;
    if (excluded !== undefined) people.delete(`user:${excluded}`);
    if (people.size >= quorum) continue;
    const where = at === 0 ? 'approvers' : `escalate[${at - 1}].approvers`;
    const but = excluded !== undefined ? ' besides whoever asks' : '';
    return `quorum: ${quorum} approvals are needed, and ${where} names ${people.size}${but}`;
  }
  return undefined;
}
