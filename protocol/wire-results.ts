import { z } from 'zod';
import { limitsSchema } from './agent';
import { approvalTermsSchema, verdictSchema } from './approval';
import { compensationSchema } from './compensation-wire';
import { FAILURE, type FailureCode } from './failures';
import { artifactRefSchema, textPartSchema, userPartSchema } from './messages';
import { policySchema } from './permissions/policy';
import type { StopReason } from './stop-reason';

/*
 * What sessions answer with, as schemas for clients in other languages. Fields may be added within a major version; none is
 * taken away. `test/unit/wire.test.ts` compares each with the type that the workflow is written in.
 */

const count = z.number().int().nonnegative();
const moment = z.number().describe('Milliseconds since 1970.');

const usageSchema = z
  .object({
    inputTokens: count,
    outputTokens: count,
    cachedInputTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
  })
  .describe('Tokens, as the vendor counts them.');

/** An object, so that a reason which is missing here does not compile. */
const STOP_REASONS: Record<StopReason, true> = {
  completed: true,
  'max-turns': true,
  'max-tool-calls': true,
  'max-tokens': true,
  'max-cost': true,
  deadline: true,
  'repeated-call': true,
  'invalid-output': true,
  'answer-cut': true,
  'context-too-long': true,
  refused: true,
  cancelled: true,
  stopped: true,
  interrupted: true,
  failed: true,
  closed: true,
  'idle-timeout': true,
  expired: true,
};
const stopReasonSchema = z.enum(Object.keys(STOP_REASONS) as [StopReason]);

const spent = {
  turns: count.describe('Model calls.'),
  toolCalls: count,
  usage: usageSchema,
  costUsd: z.number().describe('The sum of known costs, US dollars.'),
  costIncomplete: z.boolean().describe('Some price was unknown: `costUsd` is a lower bound.'),
  simulated: z.boolean().describe('Some answer came from the simulated model.'),
  length: count.describe('Messages in the transcript.'),
};

const degradedSchema = z.array(
  z.object({
    dependency: z.string().describe('`tool NAME` or `model PROVIDER/MODEL`.'),
    reason: z.string(),
    since: moment,
    instead: z.string().optional().describe('Of a model: the route that stands in.'),
    exchange: count.optional().describe('Of a chat: the exchange in which it was so.'),
  }),
);

export const sessionResultSchema = z.object({
  output: z
    .unknown()
    .describe('Text, or the validated value where the agent has an output schema; null without an answer.'),
  artifact: artifactRefSchema.optional().describe('Where all of an answer is that is too large for the history.'),
  stopReason: stopReasonSchema,
  detail: z.string().optional().describe('One sentence on a stop that is not `completed`.'),
  agent: z.string(),
  revision: z.string().describe('Content hash of the agent the run was pinned to.'),
  model: z.string(),
  ...spent,
  tainted: z.array(z.string()).optional().describe('Where content from outside came from that it has seen.'),
  exchanges: count.optional().describe('Exchanges finished, of a chat.'),
  degraded: degradedSchema.optional().describe('What the run went on without, as its agent declares.'),
  planned: z
    .array(z.object({ tool: z.string(), arguments: z.string(), verdict: z.enum(['allow', 'ask', 'deny']) }))
    .optional()
    .describe('Of a dry run: tool calls it would have made.'),
  compensation: compensationSchema
    .optional()
    .describe('Of a run that ended without success and was to undo its effects.'),
});

const actedSchema = z.object({ by: z.string(), reason: z.string().optional(), at: moment });

export const sessionStateSchema = z.object({
  status: z
    .enum(['running', 'waiting', 'paused', 'idle', 'completed', 'stopped', 'failed', 'cancelled'])
    .describe('`waiting` waits for an approval, `paused` for an operator, `idle` (a chat) for a message.'),
  phase: z.enum(['starting', 'model', 'tools', 'waiting', 'rolling-over', 'undoing', 'ended']),
  agent: z.string(),
  revision: z.string().nullable(),
  model: z.string().nullable(),
  ...spent,
  todos: z.array(z.object({ text: z.string(), status: z.enum(['pending', 'active', 'done']) })),
  running: z.array(z.string()).describe('Names of the tools running now.'),
  limits: limitsSchema.nullable(),
  priority: z.number().int().nullable(),
  variables: z.record(z.string(), z.string()).describe('What stands for {{name}} in instructions and messages.'),
  pause: actedSchema.nullable().describe('Set from the moment a pause is asked for.'),
  waitsFor: z
    .array(z.object({ id: z.string(), title: z.string(), tool: z.string().optional() }))
    .describe('Approvals it waits for, by workflow id.'),
  actions: z.array(actedSchema.extend({ action: z.string(), detail: z.string().optional() })),
  chat: z
    .object({
      title: z.string().nullable(),
      working: count.nullable().describe('Number of the exchange in progress.'),
      queued: count,
      finished: count,
      closing: z.boolean(),
    })
    .nullable(),
  degraded: degradedSchema.describe('What the run goes on without, as its agent declares.'),
  compensation: compensationSchema.nullable().describe("Set once the run's effects are being undone."),
  stopReason: stopReasonSchema.nullable(),
  failure: z.object({ code: z.string().describe('One of docs/errors.'), message: z.string() }).nullable(),
});

const assistantPartSchema = z.union([
  textPartSchema,
  z.object({
    type: z.literal('reasoning'),
    provider: z.string(),
    text: z.string(),
    signature: z.string().optional(),
    encrypted: z.string().optional(),
    id: z.string().optional(),
    artifact: artifactRefSchema.optional(),
  }),
  z.object({
    type: z.literal('tool-call'),
    id: z.string(),
    name: z.string(),
    arguments: z.unknown().optional().describe('Absent when they are malformed, or in `artifact`.'),
    malformed: z.string().optional(),
    artifact: artifactRefSchema.optional(),
  }),
]);

const writtenSchema = z.object({
  role: z.literal('user'),
  by: z.string().optional(),
  pinned: z.literal(true).optional().describe('Never summarised.'),
  content: z.array(userPartSchema),
});

const userMessageSchema = writtenSchema.extend({
  summary: z
    .object({
      from: count,
      to: count,
      kept: z.array(writtenSchema).describe('Those of them that the model goes on seeing word by word.'),
    })
    .optional()
    .describe('Of a summary: the positions of the messages it stands in for. They stay in the transcript.'),
  mark: z.string().optional(),
});

export const messageSchema = z.discriminatedUnion('role', [
  userMessageSchema,
  z.object({ role: z.literal('assistant'), mark: z.string().optional(), content: z.array(assistantPartSchema) }),
  z.object({
    role: z.literal('tool'),
    callId: z.string(),
    name: z.string(),
    outcome: z.enum([
      'ok',
      'unknown-tool',
      'invalid-arguments',
      'denied',
      'failed',
      'timed-out',
      'cancelled',
      'unavailable',
      'outcome-unknown',
    ]),
    content: z.string().describe('What the model reads; a preview when `artifact` is set.'),
    mediaType: z.enum(['text/plain', 'application/json']),
    artifact: artifactRefSchema.optional(),
    mark: z.string().optional(),
  }),
]);

const layerSchema = z.object({
  of: z.string().describe('Whose policy it is.'),
  policy: policySchema,
  grants: z.array(
    z.object({
      rule: z.string(),
      by: z.string(),
      at: moment,
      from: z.string(),
      terms: approvalTermsSchema
        .pick({ approvers: true, quorum: true, excludeRequester: true, escalate: true })
        .optional()
        .describe('It answers no question that others would have to answer than these. Default: what anybody may.'),
    }),
  ),
});

export const permissionsSchema = z
  .object({
    layers: z
      .array(layerSchema)
      .describe('From whoever started the work down to this run; the strictest answer holds.'),
    tainted: z.array(z.string()).describe('Where content from outside came from.'),
    effectScope: z.string().describe('What equal effects of the run are told apart from others by.'),
  })
  .nullable();

const voteSchema = z.object({
  by: z.string(),
  as: z.string().describe('The capacity it counted in.'),
  verdict: verdictSchema,
  reason: z.string().optional(),
  edit: z.record(z.string(), z.unknown()).optional(),
  answer: z.unknown().optional(),
  remember: z.string().optional(),
  at: moment,
  signed: z.boolean(),
});

export const approvalRequestSchema = approvalTermsSchema.extend({
  kind: z.enum(['tool-call', 'plan', 'budget', 'message', 'question', 'effect']),
  title: z.string(),
  body: z.string().optional(),
  run: z.string().describe('Workflow id of the run that waits.'),
  agent: z.string().optional(),
  requester: z.string().optional(),
  tenant: z.string().optional(),
  callId: z.string().optional(),
  tool: z.string().optional(),
  arguments: z.unknown().optional(),
  because: z.string().optional(),
  tainted: z.array(z.string()).optional(),
  policyVersion: z.string().optional(),
  digest: z.string().describe('SHA-256 of what is decided on.'),
  options: z.array(z.string()).optional(),
  answerTo: z.string().optional().describe('The signal by which `run` hears the outcome.'),
});

export const approvalOutcomeSchema = z.object({
  verdict: z.enum(['approved', 'denied', 'expired', 'withdrawn']),
  votes: z.array(voteSchema),
  reason: z.string().optional(),
  edit: z.record(z.string(), z.unknown()).optional(),
  grant: z.string().optional(),
  answer: z.unknown().optional(),
});

export const approvalViewSchema = z.object({
  request: approvalRequestSchema,
  openedAt: moment,
  stage: count.describe('How often it was escalated.'),
  stageSince: moment,
  reminders: count,
  votes: z.array(voteSchema),
  refused: z.array(z.object({ by: z.string(), at: moment, code: z.string(), message: z.string() })),
  edit: z.record(z.string(), z.unknown()).optional(),
  approvers: z.array(z.string()),
  missing: count,
  expiresAt: moment.nullable(),
  outcome: approvalOutcomeSchema.nullable(),
});

export const transcriptPageSchema = z
  .object({
    from: count,
    next: count.describe('Ask again from here.'),
    length: count.describe('Messages of the whole session so far.'),
    messages: z.array(messageSchema),
    segments: z
      .array(
        z.object({
          from: count,
          to: count,
          runId: z.string().describe('The Temporal run to ask for them.'),
          workflowId: z.string().optional().describe('Of the run this one was forked from.'),
          artifact: artifactRefSchema,
        }),
      )
      .describe('Earlier messages, which other Temporal runs of the session hold.'),
  })
  .nullable();

export const receiptSchema = z.object({
  exchange: count.describe('Number of the exchange the message opens, from 1.'),
  ahead: count.describe('Exchanges that are worked on before it.'),
});

export const exchangeSchema = z
  .object({
    number: count,
    id: z.string().describe('The update id of its message.'),
    status: z.enum(['queued', 'working', 'done']),
    from: count.optional().describe('Position of the message in the transcript.'),
    to: count.optional().describe("Position after the exchange's last message, once it is done."),
    stopReason: stopReasonSchema.optional(),
    detail: z.string().optional(),
    failure: z
      .object({ code: z.enum(Object.keys(FAILURE) as [FailureCode]), hint: z.string().optional() })
      .optional()
      .describe('Of an exchange that failed; `detail` says why.'),
    output: z.unknown().optional().describe('The answer, of the latest exchanges, when it is small.'),
  })
  .nullable();
