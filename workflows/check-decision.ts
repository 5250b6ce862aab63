import type { ApprovalRequest, Decision } from '../protocol/approval';
import { termsProblem } from '../protocol/approval-terms';
import { normalTerms } from './approval-terms';
import { checkActor, invalid } from './check-update';

const KINDS = ['tool-call', 'plan', 'budget', 'message', 'question', 'effect'];
/** Characters of JSON a decision may have: it is an event of the history. */
const MAX_DECISION = 100_000;
const FIELDS = 'by verdict reason as edit answer remember digest at nonce signature'.split(' ');

/** @throws `Input.Invalid` for a request nobody could decide. */
export function checkRequest(request: ApprovalRequest): void {
  if (typeof request !== 'object' || request === null) invalid('an approval needs a request');
  if (!KINDS.includes(request.kind)) invalid(`kind: one of ${KINDS.join(', ')}`);
  for (const name of ['title', 'run', 'digest'] as const) {
    if (typeof request[name] !== 'string' || request[name] === '') invalid(`${name}: a text is needed`);
  }
  normalTerms(request);
  if (request.excludeRequester && request.requester === undefined)
    invalid('excludeRequester: nobody knows who asked for the work; start it with `requester`');
  const problem = termsProblem(request, request.requester);
  if (problem !== undefined) invalid(problem);
}

/** A decision may come from the stock Temporal CLI, or from a client in another language. */
export function checkDecisionShape(decision: Decision): void {
  checkActor(decision);
  const { verdict, as, edit, remember, digest, at, nonce, signature } = decision;
  const unknown = Object.keys(decision).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) invalid(`${unknown}: a decision has no such field`);
  if (verdict !== 'approve' && verdict !== 'deny') invalid('verdict: "approve" or "deny"');
  for (const [name, value] of Object.entries({ as, remember, digest, nonce, signature })) {
    if (value !== undefined && (typeof value !== 'string' || value.length > 1_000))
      invalid(`${name}: not a short text`);
  }
  if (at !== undefined && typeof at !== 'number') invalid('at: milliseconds since epoch');
  if (edit !== undefined && (typeof edit !== 'object' || edit === null || Array.isArray(edit))) {
    invalid('edit: an object, the arguments to use instead');
  }
  if (JSON.stringify(decision).length > MAX_DECISION) invalid(`a decision has at most ${MAX_DECISION} characters`);
}
