import { z } from 'zod';
import { limitsSchema } from './agent';
import { approvalTermsSchema } from './approval';

/* What `holdfast agent check --json` gives. Fields may be added within a major version; none is taken away. */

const verdictSchema = z.enum(['allow', 'ask', 'deny']);

const answerSchema = z.object({
  verdict: verdictSchema,
  because: z.string().describe('The rule or profile that decides, and whose it is.'),
  approval: approvalTermsSchema.optional().describe('Of an `ask`: whom, and how.'),
});

const caseSchema = z.object({
  rule: z.string(),
  verdict: verdictSchema,
  of: z.enum(['worker', 'agent']).describe("Whose rule: of the worker's settings, or of the agent."),
  tainted: z.boolean().describe('Only after content from outside was read.'),
  decides: answerSchema
    .nullable()
    .describe(
      'What holds for a call that the rule names: a stricter rule may decide. Null where no such call was found.',
    ),
});

const permittedSchema = z.object({
  name: z.string(),
  effect: z.enum(['read', 'idempotent', 'once']),
  otherwise: answerSchema.describe('Where no rule with conditions applies.'),
  mounted: answerSchema.optional().describe('The same in a mounted folder, where that is something else.'),
  tainted: answerSchema
    .optional()
    .describe('The same after content from outside was read, where that is something else.'),
  cases: z.array(caseSchema).describe('Rules with conditions, the strictest first.'),
});

export const agentCheckSchema = z.object({
  agent: z.string(),
  file: z.string(),
  model: z.string(),
  models: z.array(z.string()).nullable().describe('Models it may use, with `*`; null for any.'),
  profile: z.enum(['strict', 'standard', 'owner']),
  tools: z.array(
    permittedSchema.extend({
      secrets: z.array(z.string()).describe('Names of the credentials its code may use.'),
      priceUsd: z.number().describe('US dollars one call costs.'),
      undo: permittedSchema.nullable().describe('Its undo, where it has one and effects are to be undone.'),
    }),
  ),
  people: z.array(z.string()).describe('Tools, undos and rules for which people are asked.'),
  spend: z.object({
    limits: limitsSchema,
    account: z.string().nullable().describe('What its runs spend from, where they name none.'),
  }),
  outside: z.array(z.string()).describe('Tools whose results taint the conversation.'),
  secrets: z.array(z.string()),
  onFailure: z.enum(['keep', 'compensate']),
  degrade: z.object({ model: z.array(z.string()), tools: z.array(z.string()) }),
  warnings: z.array(
    z.object({
      code: z
        .enum(['unknown-tool', 'bad-rule', 'never-matches', 'never-decides', 'tainted-once'])
        .describe('See docs/permissions.md.'),
      message: z.string(),
      rule: z.string().optional(),
      tool: z.string().optional(),
    }),
  ),
});
export type AgentCheck = z.output<typeof agentCheckSchema>;
