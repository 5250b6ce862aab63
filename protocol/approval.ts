import { z } from 'zod';
import { APPROVER } from './approval-terms';
import { durationSchema } from './duration';

/** Who may decide: `user:ana`, `role:editor`, `manager` (of whoever asked for the work), or `anyone`. */
export const approverSchema = z.string().regex(APPROVER, '"user:NAME", "role:NAME", "manager" or "anyone"');

const approversSchema = z.array(approverSchema).min(1).max(100);

/** Times of the week in which deadlines run. Hours over midnight belong to the day they begin on. */
export const workingHoursSchema = z.strictObject({
  timeZone: z
    .string()
    .max(100)
    .refine(isTimeZone, 'not a time zone; write e.g. "Europe/Berlin"')
    .default('UTC')
    .describe('An IANA name, e.g. "Europe/Berlin".'),
  days: z.array(z.number().int().min(0).max(6)).min(1).max(7).default([1, 2, 3, 4, 5]).describe('0 is Sunday.'),
  from: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default('09:00'),
  to: z
    .string()
    .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/)
    .default('17:00'),
});

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return true;
  } catch {
    return false;
  }
}
export type WorkingHours = z.output<typeof workingHoursSchema>;

const stepSchema = z.strictObject({
  approvers: approversSchema,
  expiresAfter: durationSchema.optional().describe('How long these have, before the next ones are asked.'),
});

/** How an approval is asked for. Durations in milliseconds once parsed. */
export const approvalTermsSchema = z.strictObject({
  approvers: approversSchema.optional().describe('Who may decide. Default: anyone.'),
  quorum: z.number().int().min(1).max(100).optional().describe('How many different people must approve. Default 1.'),
  excludeRequester: z.boolean().optional().describe('Whoever asked for the work may not decide. Default false.'),
  expiresAfter: durationSchema.optional().describe('After this long it is escalated, else denied. Default: never.'),
  escalate: z.array(stepSchema).max(10).optional().describe('Who is asked next, in order, when time is over.'),
  remindEvery: durationSchema.optional().describe('Sends the notice again. Default: never.'),
  workingHours: workingHoursSchema
    .optional()
    .describe('Deadlines and reminders run in these hours only. Default: always.'),
});
export type ApprovalTerms = z.output<typeof approvalTermsSchema>;

export type ApprovalKind = 'tool-call' | 'plan' | 'budget' | 'message' | 'question' | 'effect';

/** What is asked, complete and unchangeable: what is approved is exactly this. The input of the `approval` workflow. */
export interface ApprovalRequest extends ApprovalTerms {
  kind: ApprovalKind;
  /** One line, shown in the inbox. */
  title: string;
  /** More about it, in Markdown. */
  body?: string;
  /** Workflow id of the run that waits. */
  run: string;
  /** The run's agent, where it is one. */
  agent?: string;
  /** On whose behalf the run works; excluded with `excludeRequester`, and whose manager `manager` is. */
  requester?: string;
  tenant?: string;
  callId?: string;
  tool?: string;
  /** The call's arguments, where they are small enough for an event; shown to the approver. */
  arguments?: unknown;
  /** Why it is asked: the rule or profile. */
  because?: string;
  /** Where content in the conversation came from, where some of it came from outside. */
  tainted?: string[];
  /** Of the policy under which it was asked: the agent's revision. */
  policyVersion?: string;
  /** SHA-256 of what is decided on; a signed decision carries it. */
  digest: string;
  /** Answers to choose from, of a question. Default: free text. */
  options?: string[];
  /** The signal by which `run` hears the outcome, where it does not wait for the result. */
  answerTo?: string;
  /** Set by the workflow itself when it continues as new. */
  carried?: ApprovalState;
}

export const verdictSchema = z.enum(['approve', 'deny']);

export const decisionSchema = z.strictObject({
  by: z.string().trim().min(1).max(200).describe('Who decides.'),
  verdict: verdictSchema,
  reason: z.string().max(2_000).optional().describe('Why; kept in the history.'),
  as: approverSchema.optional().describe('In which capacity, where no directory of people tells: "role:editor".'),
  edit: z.record(z.string(), z.unknown()).optional().describe('Approves with these arguments instead.'),
  answer: z.unknown().optional().describe('To a question.'),
  remember: z
    .union([z.literal('call'), z.literal('run'), z.string().min(1).max(1_000)])
    .optional()
    .describe(
      '"call" (default): this call only. "run": the tool for the rest of the run. Else a rule, e.g. "pay(amount<=50)".',
    ),
  digest: z
    .string()
    .max(64)
    .optional()
    .describe('Of the request, as seen by whoever decides. Needed when decisions are signed.'),
  at: z.number().optional().describe('When it was signed, ms since epoch.'),
  nonce: z.string().max(100).optional().describe('Of a signed decision: makes every one different.'),
  signature: z.string().max(200).optional().describe('HMAC-SHA-256 of the decision in canonical JSON, in hex.'),
});
/** What somebody says to an approval, and in which capacity; every decision is kept in the history. */
export type Decision = z.output<typeof decisionSchema>;

/** A decision that counted. */
export interface Vote extends Pick<Decision, 'by' | 'verdict' | 'reason' | 'edit' | 'answer' | 'remember'> {
  /** The approver it counted as. */
  as: string;
  at: number;
  signed: boolean;
}

/** A decision that did not count, and why: it came by a signal, which cannot be refused. */
export interface RefusedVote {
  by: string;
  at: number;
  code: string;
  message: string;
}

export interface ApprovalState {
  openedAt: number;
  /** Index into the chain of approvers: 0 are the first. */
  stage: number;
  stageSince: number;
  reminders: number;
  votes: Vote[];
  refused: RefusedVote[];
  /** The arguments as an approver changed them: what the votes are about. */
  edit?: Record<string, unknown>;
}

/** What the worker is asked about one decision: who may make it, whether it is genuine, whether edited arguments fit the tool. */
export interface CheckDecisionInput {
  approval: string;
  decision: Decision;
  approvers: string[];
  requester?: string;
  tool?: string;
  /** What the decision must be about. */
  digest: string;
}

/** Why people are told of an approval. */
export type ApprovalEvent = 'asked' | 'reminded' | 'escalated';

export interface NotifyApprovalInput {
  event: ApprovalEvent;
  approval: string;
  request: Omit<ApprovalRequest, 'carried'>;
  approvers: string[];
  expiresAt: number | null;
}

/** When time that runs in working hours only is over. */
export interface WorkingInstantInput {
  from: number;
  ms: number;
  hours: WorkingHours;
}

export type ApprovalVerdict = 'approved' | 'denied' | 'expired' | 'withdrawn';

/** The result of the `approval` workflow. */
export interface ApprovalOutcome {
  verdict: ApprovalVerdict;
  votes: Vote[];
  reason?: string;
  /** The arguments to use instead, where an approver changed them. */
  edit?: Record<string, unknown>;
  /** A rule to remember for the rest of the run. */
  grant?: string;
  answer?: unknown;
}

/** The answer to the `approval` query. */
export interface ApprovalView extends Omit<ApprovalState, 'openedAt'> {
  request: ApprovalRequest;
  openedAt: number;
  /** Who may decide now. */
  approvers: string[];
  /** Approvals still needed. */
  missing: number;
  /** When these approvers' time is over, ms since epoch; null for never. */
  expiresAt: number | null;
  outcome: ApprovalOutcome | null;
}
