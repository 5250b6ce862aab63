import { z } from 'zod';
import { AGENT_NAME } from '../agent';
import { approvalTermsSchema } from '../approval';
import { accountNameSchema } from '../budget/account-name';
import { prioritySchema } from '../control';
import { durationSchema } from '../duration';

/** Ids of nodes are part of workflow ids. */
export const NODE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const nodeId = z
  .string()
  .regex(NODE_ID, 'letters, digits, dot, dash, underscore; at most 63')
  // Nodes are kept by their ids, and every object has these.
  .refine((id) => !(id in Object.prototype), 'this id cannot be used');

/**
 * What becomes of a node when one it comes after did not succeed: `fail` ends the plan, `skip` skips the node, `continue` runs it
 * without that input, `compensate` runs the `undo` tasks of what the failed node came after, newest first, and skips the node.
 */
export const edgePolicySchema = z.enum(['fail', 'skip', 'continue', 'compensate']);
export type EdgePolicy = z.output<typeof edgePolicySchema>;

const edgeSchema = z.union([
  nodeId.transform((node) => ({ node })),
  z.strictObject({ node: nodeId, onFailure: edgePolicySchema.optional() }),
]);

const inputSchema = z.strictObject({
  from: nodeId.describe('The node whose output this is; the node comes after it.'),
  path: z
    .string()
    .regex(/^(\/[^/]*)*$/, 'a JSON pointer, e.g. "/items/0"')
    .optional()
    .describe('The part of the output, a JSON pointer. Default: all of it.'),
  schema: z.record(z.string(), z.unknown()).optional().describe('JSON Schema of what the node expects there.'),
  onFailure: edgePolicySchema.optional(),
});

const retrySchema = z.strictObject({
  attempts: z.number().int().min(1).max(20).default(1).describe('How often the node may be run in all.'),
  backoff: durationSchema.default(1_000).describe('Before the second attempt; doubled for each after it.'),
});

const memorySchema = z.strictObject({
  kind: z.string().min(1).max(200).optional().describe('What sort of task it is. Default: its goal.'),
  version: z.string().max(64).default('1').describe('Another version does not see what was kept for this one.'),
  ttl: durationSchema.default(24 * 60 * 60_000).describe('How long a result may be given again.'),
});

const assignSchema = z.enum(['capability', 'round-robin', 'least-loaded', 'priority', 'learned']);

const nodeSchema = z.strictObject({
  id: nodeId,
  goal: z.string().trim().min(1).max(50_000).describe('What is to be done, as its agent is told.'),
  agent: z.string().regex(AGENT_NAME).optional().describe('Who does it. Default: whoever has what `needs` names.'),
  needs: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(32)
    .optional()
    .describe('Capabilities; an agent that has them is chosen when the node starts.'),
  after: z.array(edgeSchema).max(1_000).default([]).describe('Nodes that must be done before.'),
  inputs: z
    .record(z.string().min(1).max(64), inputSchema)
    .optional()
    .describe('What the agent is given. Default: the output of every node in `after`, by its id.'),
  output: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the result. Default: as its agent says.'),
  priority: prioritySchema.optional().describe('1 is the most urgent. Default: that of the plan.'),
  estimate: durationSchema.optional().describe('How long it will take, for the critical path. Default 1 minute.'),
  notBefore: durationSchema.optional().describe('After the start of the plan.'),
  softDeadline: durationSchema.optional().describe('After the start of the plan; it is then marked and more urgent.'),
  deadline: durationSchema.optional().describe('After the start of the plan; what is not done by then is ended.'),
  retry: retrySchema.prefault({}),
  budgetUsd: z
    .number()
    .positive()
    .optional()
    .describe('US dollars one attempt may cost. Default: a share of the plan’s.'),
  approval: z
    .union([z.literal(true).transform(() => ({})), approvalTermsSchema])
    .optional()
    .describe('People are asked before it starts.'),
  resources: z
    .record(z.string().min(1).max(64), z.number().positive())
    .optional()
    .describe('What it takes of `limits.resources` while it runs.'),
  tenant: z.string().min(1).max(64).optional().describe('On whose share it runs; see `shares`.'),
  undo: z.string().trim().min(1).max(50_000).optional().describe('The task that undoes it, for `compensate`.'),
  memory: z
    .union([z.literal(true).transform(() => memorySchema.parse({})), memorySchema])
    .optional()
    .describe('A result is kept, and given again for the same task with the same inputs, of the same tenant.'),
  expand: z.literal(true).optional().describe('Its result is a plan, which is run in its place.'),
});

const count = z.number().int().positive();

const limitsSchema = z.strictObject({
  parallel: count.max(200).default(20).describe('Nodes that run at once.'),
  perAgent: z.record(z.string(), count).optional().describe('Nodes of one agent that run at once.'),
  resources: z.record(z.string(), z.number().positive()).optional().describe('What there is of each.'),
  nodes: count.max(10_000).default(10_000),
  depth: count.max(10_000).default(10_000).describe('Nodes on the longest way through the plan.'),
  fanOut: count.max(10_000).default(10_000).describe('Nodes that come directly after one.'),
  nesting: z.number().int().min(0).max(8).default(3).describe('Plans within plans.'),
});

export const planSchema = z.strictObject({
  name: z.string().regex(AGENT_NAME, 'lower-case letters, digits and dashes'),
  version: z.string().min(1).max(64).default('1'),
  goal: z.string().max(50_000).optional(),
  agent: z.string().regex(AGENT_NAME).optional().describe('Of nodes that name neither agent nor `needs`.'),
  nodes: z.array(nodeSchema).min(1).max(10_000),
  output: nodeId
    .optional()
    .describe('The node whose output is the result. Default: the outputs of all nodes nothing comes after.'),
  onFailure: edgePolicySchema.default('fail').describe('Of edges that say nothing.'),
  priority: prioritySchema.default(3),
  ageing: durationSchema.default(300_000).describe('A node that waits this long moves up by one priority, and again.'),
  shares: z
    .record(z.string(), z.number().positive())
    .optional()
    .describe('How the tenants of equally urgent nodes share the places. Default: equally.'),
  deadline: durationSchema.optional(),
  budgetUsd: z.number().positive().optional().describe('US dollars all nodes together may cost.'),
  account: accountNameSchema.optional(),
  approval: z
    .union([z.literal(true).transform(() => ({})), approvalTermsSchema])
    .optional()
    .describe('People are asked for the whole plan before anything starts; they may edit it.'),
  replan: z
    .number()
    .int()
    .min(0)
    .max(5)
    .default(0)
    .describe('How often the planner may plan anew what is left, where a failure would end the plan.'),
  assign: assignSchema.default('capability').describe('How agents are chosen for `needs`; see docs/plans.md.'),
  exploration: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Of `assign: learned`: the part of all choices that may try somebody new. Default 0.1.'),
  related: z
    .record(z.string(), z.record(z.string(), z.number().min(0).max(1)))
    .optional()
    .describe('How well one capability stands in for another: {typescript: {javascript: 0.8}}.'),
  limits: limitsSchema.prefault({}),
});

/** A plan as its author writes it, in YAML, JSON or TypeScript, or as a planner's model gives it. */
export type PlanDefinition = z.input<typeof planSchema>;
/** With defaults filled in and times in milliseconds. */
export type Plan = z.output<typeof planSchema>;
export type PlanNode = Plan['nodes'][number];

/** What may be changed of a plan while it runs. */
export const amendmentSchema = z.strictObject({
  add: z.array(nodeSchema).max(1_000).default([]),
  replace: z.array(nodeSchema).max(1_000).default([]).describe('Nodes that have not started, by id.'),
  remove: z.array(nodeId).max(1_000).default([]).describe('Nodes that have not started.'),
});
