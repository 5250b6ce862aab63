import { z } from 'zod';
import { approvalTermsSchema } from '../approval';
import { accountNameSchema } from '../budget/account-name';
import { artifactRefSchema } from '../messages';
import { mountSchema } from '../session';
import { planSchema } from './definition';

/** The input of `taskPlan`, as any client sends it. */
export const planInputSchema = z.strictObject({
  plan: planSchema.optional().describe('A plan; without one, a planner makes it of `goal`.'),
  goal: z.string().trim().min(1).max(50_000).optional(),
  planner: z.string().max(63).optional().describe('The agent that decomposes. Default `planner`.'),
  attempts: z.number().int().min(1).max(20).optional().describe('How often it may try. Default 3.'),
  approval: approvalTermsSchema.optional().describe('People are asked for the whole plan before anything runs.'),
  budgetUsd: z.number().positive().optional(),
  account: accountNameSchema.optional(),
  mounts: z.array(mountSchema).max(32).optional().describe('Folders every run of it sees.'),
  tenant: z.string().max(200).optional(),
  requester: z.string().trim().min(1).max(200).optional(),
  dryRun: z
    .boolean()
    .optional()
    .describe('Nothing is done: simulated models, tools that do nothing, nobody is asked; tells what it would do.'),
  fresh: z
    .boolean()
    .optional()
    .describe('Nothing `memory` has kept is given again; what this plan does takes its place.'),
  rolloverNodes: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Attempts per Temporal run. Default: as the server suggests.'),
});

export const nodeStatusSchema = z.enum([
  'pending',
  'ready',
  'waiting',
  'assigned',
  'running',
  'done',
  'failed',
  'skipped',
  'cancelled',
  'expired',
]);
const counts = z.partialRecord(nodeStatusSchema, z.number().int());
const undone = z.array(
  z.object({
    node: z.string(),
    status: z.enum(['pending', 'done', 'failed']),
    run: z.string().optional(),
    reason: z.string().optional(),
  }),
);

export const planResultSchema = z.object({
  status: z.enum(['completed', 'failed', 'cancelled', 'expired']),
  output: z.unknown(),
  artifact: artifactRefSchema.optional().describe('Where all of the output is, where `output` is the beginning of it.'),
  missing: z.array(z.object({ node: z.string(), status: nodeStatusSchema, reason: z.string() })),
  undone,
  planned: z
    .array(
      z.object({
        node: z.string(),
        tool: z.string(),
        arguments: z.string(),
        verdict: z.enum(['allow', 'ask', 'deny']),
      }),
    )
    .optional()
    .describe('Of a dry run: tool calls it would have made.'),
  tooLarge: z
    .literal(true)
    .optional()
    .describe('The output is left out for its size: read it of the runs of its nodes.'),
  reason: z.string().optional(),
  counts,
  costUsd: z.number(),
  tokens: z.number(),
});

const actor = z.object({ by: z.string(), reason: z.string().optional() });

export const planViewSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    goal: z.string().nullable(),
    status: z.enum(['planning', 'waiting', 'running', 'paused', 'completed', 'failed', 'cancelled', 'expired']),
    reason: z.string().nullable(),
    counts,
    nodes: z.number().int(),
    criticalPath: z.array(z.string()),
    spentUsd: z.number(),
    budgetUsd: z.number().nullable(),
    tokens: z.number(),
    startedAt: z.number(),
    paused: actor.nullable(),
    waitsFor: z.array(z.object({ id: z.string(), title: z.string() })),
    actions: z.array(actor.extend({ at: z.number(), action: z.string(), detail: z.string().optional() })),
  })
  .nullable();

export const nodesPageSchema = z.object({
  nodes: z.array(
    z.looseObject({
      id: z.string(),
      goal: z.string(),
      after: z.array(z.string()),
      status: nodeStatusSchema,
      since: z.number(),
      attempts: z.number().int(),
      agent: z.string().optional(),
      run: z.string().optional(),
      reason: z.string().optional(),
    }),
  ),
  from: z.number().int(),
  total: z.number().int(),
});

export const planDifferenceSchema = z.object({
  added: z.array(z.string()),
  replaced: z.array(z.string()),
  removed: z.array(z.string()),
  approval: z.string().optional().describe('Nothing has changed yet: people are asked first, by this approval.'),
});
