import type {
  ApprovalKind,
  ApprovalOutcome,
  ApprovalRequest,
  ApprovalState,
  ApprovalView,
  Decision,
  RefusedVote,
  Vote,
} from '../protocol/approval';
import { personOf } from '../protocol/approval-terms';
import { contentDigest } from '../protocol/content-digest';
import { parseRule, type Rule } from '../protocol/permissions/rule';
import { refuse } from './check-update';

const EDITABLE: readonly ApprovalKind[] = ['tool-call', 'plan'];

/** Refused decisions that are kept to be shown; all of them are events of the history. */
const SHOWN_REFUSALS = 50;
const ANYONE = ['anyone'];

/** One request and what people said about it. Plain state; the `approval` workflow adds time and identity. */
export class ApprovalDesk {
  readonly state: ApprovalState;
  outcome: ApprovalOutcome | undefined;
  /** When the present approvers' time is over, ms since epoch. */
  expiresAt: number | undefined;

  constructor(
    readonly request: ApprovalRequest,
    now: number,
  ) {
    this.state = request.carried ?? { openedAt: now, stage: 0, stageSince: now, reminders: 0, votes: [], refused: [] };
  }

  /** Who may decide now. */
  get approvers(): string[] {
    const { approvers = ANYONE, escalate = [] } = this.request;
    return this.state.stage === 0 ? approvers : (escalate[this.state.stage - 1]?.approvers ?? ANYONE);
  }

  /** How long the present approvers have, in ms. */
  get patience(): number | undefined {
    const { expiresAfter, escalate = [] } = this.request;
    return this.state.stage === 0 ? expiresAfter : escalate[this.state.stage - 1]?.expiresAfter;
  }

  get missing(): number {
    const approvals = this.state.votes.filter(({ verdict }) => verdict === 'approve').length;
    return Math.max((this.request.quorum ?? 1) - approvals, 0);
  }

  /** @throws `Approval.*` for a decision that cannot count whoever made it. */
  check(decision: Decision, now: number): void {
    const { by } = decision;
    const { request, state } = this;
    if (this.outcome)
      refuse('Approval.Decided', `it is decided already: ${this.outcome.verdict}`, 'Nothing is left to do.');
    if (this.expiresAt !== undefined && now >= this.expiresAt) tooLate(this.expiresAt);
    if (decision.digest !== undefined && decision.digest !== this.digest) {
      refuse(
        'Approval.Stale',
        'the decision is about something else than what is asked',
        'Look again: holdfast approvals show ID',
      );
    }
    if (state.edit && decision.verdict === 'approve' && decision.digest === undefined) {
      refuse(
        'Approval.Stale',
        'the arguments were changed by an approver since it was asked; say which ones are approved with their digest',
        'Look again: holdfast approvals show ID',
      );
    }
    if (request.excludeRequester && request.requester !== undefined && same(by, request.requester)) {
      refuse('Approval.NotApprover', `${by} asked for the work and may not decide about it`, 'Somebody else has to.');
    }
    if (state.votes.some((vote) => same(vote.by, by))) {
      refuse('Approval.AlreadyVoted', `${by} has decided already`, 'Each approver counts once.');
    }
    const asksMore = request.kind === 'question' || request.kind === 'effect';
    if (asksMore && decision.verdict === 'approve') this.checkAnswer(decision.answer);
    else if (decision.answer !== undefined) refuse('Input.Invalid', 'answer: it is no question');
    if (decision.edit !== undefined && (!EDITABLE.includes(request.kind) || decision.verdict !== 'approve')) {
      refuse('Input.Invalid', 'edit: only the arguments of a tool call or a plan that is approved can be changed');
    }
    this.checkRemember(decision);
  }

  private checkAnswer(answer: unknown): void {
    const { options } = this.request;
    if (answer === undefined || answer === null || answer === '')
      refuse('Input.Invalid', 'answer: the question needs one');
    if (options && !options.includes(String(answer))) {
      refuse('Input.Invalid', `answer: one of ${options.map((option) => JSON.stringify(option)).join(', ')}`);
    }
  }

  /** What is allowed for the rest of the run is this tool or less of it, never another. */
  private checkRemember({ remember, verdict }: Decision): void {
    if (remember === undefined || remember === 'call') return;
    const { kind, tool } = this.request;
    if (kind !== 'tool-call' || tool === undefined || verdict !== 'approve')
      refuse('Input.Invalid', 'remember: only of a tool call that is approved');
    if (remember === 'run') return;
    const rule = readRule(remember);
    if (typeof rule === 'string') refuse('Input.Invalid', `remember: ${rule}`, 'See docs/permissions.md for rules.');
    if (rule.tools !== tool) {
      refuse('Input.Invalid', `remember: the rule is about ${rule.tools}, and what is asked is ${tool}`);
    }
  }

  /**
   * What a decision is about now: all of the request, with who may decide and until when, as it is or as an approver changed it.
   */
  get digest(): string {
    const { carried: _carried, ...request } = this.request;
    const { edit, openedAt } = this.state;
    if (this.bound?.edit !== edit || !this.bound) {
      this.bound = { edit, digest: contentDigest({ request, openedAt, edit }) };
    }
    return this.bound.digest;
  }

  private bound: { edit: Record<string, unknown> | undefined; digest: string } | undefined;

  /** One no decides; as many yes as the quorum wants. Who changes the arguments is the first to approve the new ones. */
  count(vote: Vote): void {
    if (vote.edit) {
      this.state.edit = vote.edit;
      this.state.votes = this.state.votes.filter(({ verdict }) => verdict !== 'approve');
    }
    this.state.votes.push(vote);
    if (vote.verdict === 'deny') this.end('denied', vote);
    else if (this.missing === 0) this.end('approved', vote);
  }

  private end(verdict: 'approved' | 'denied', { reason, answer }: Vote): void {
    const { votes } = this.state;
    const { edit } = this.state;
    const remember = commonWish(votes);
    const approved = verdict === 'approved';
    this.outcome = {
      verdict,
      votes,
      ...(reason !== undefined && { reason }),
      ...(approved && edit && { edit }),
      ...(approved && remember !== undefined && { grant: remember === 'run' ? this.request.tool : remember }),
      ...(approved && answer !== undefined && { answer }),
    };
  }

  refuse(refused: RefusedVote): void {
    const { state } = this;
    state.refused.push(refused);
    if (state.refused.length > SHOWN_REFUSALS) state.refused.shift();
  }

  /** Time is over for those who were asked: the next ones are, or it is over for all. Approvals so far stay. */
  escalate(now: number): boolean {
    const { escalate = [] } = this.request;
    if (this.state.stage >= escalate.length) {
      this.outcome = { verdict: 'expired', votes: this.state.votes, reason: 'nobody decided in time' };
      return false;
    }
    this.state.stage++;
    this.state.stageSince = now;
    this.state.reminders = 0;
    this.expiresAt = undefined;
    return true;
  }

  withdraw(): ApprovalOutcome {
    this.outcome ??= { verdict: 'withdrawn', votes: this.state.votes, reason: 'what asked for it ended' };
    return this.outcome;
  }

  view(): ApprovalView {
    const { carried: _carried, ...request } = this.request;
    const { approvers, missing, expiresAt = null, outcome = null } = this;
    return { ...this.state, request: { ...request, digest: this.digest }, approvers, missing, expiresAt, outcome };
  }
}

function tooLate(expiresAt: number): never {
  const since = new Date(expiresAt).toISOString();
  refuse(
    'Approval.Expired',
    `the time to decide was over at ${since}`,
    'Whoever is asked next decides, or it is denied.',
  );
}

function readRule(text: string): Rule | string {
  try {
    return parseRule(text);
  } catch (error) {
    return (error as Error).message;
  }
}

/** As many people as one call needs must want the same to be allowed for the rest of the run. */
function commonWish(votes: readonly Vote[]): string | undefined {
  const wishes = new Set(votes.filter(({ verdict }) => verdict === 'approve').map(({ remember = 'call' }) => remember));
  const [wish] = wishes;
  return wishes.size === 1 && wish !== 'call' ? wish : undefined;
}

function same(a: string, b: string): boolean {
  return personOf(a) === personOf(b);
}
