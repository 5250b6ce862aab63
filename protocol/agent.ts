import { z } from 'zod';
import { accountNameSchema } from './budget/account-name';
import { onFailureSchema } from './compensation-wire';
import { DEFAULT_LIMITS } from './default-limits';
import { durationSchema } from './duration';
import type { JsonSchema } from './json';
import { policySchema } from './permissions/policy';
import type { ToolSpec } from './tool';
import { variablesSchema } from './variables-schema';

/** Names of agents: lower case, digits and dashes, so that they are safe in ids, files and search attributes. */
export const AGENT_NAME = /^[a-z][a-z0-9-]{0,62}$/;

const count = z.number().int().positive();

/** Limits as a run may replace them, one by one; no defaults, so that what is not given stays the agent's. */
export const limitOverridesSchema = z.strictObject({
  turns: count.optional().describe('Model calls one run may make. Default 100.'),
  toolCalls: count.optional().describe('Tool calls one run may make. Default 500.'),
  tokens: count.optional().describe('Input and output tokens one run may use.'),
  costUsd: z
    .number()
    .positive()
    .optional()
    .describe('US dollars one run may cost; the worst case is checked before each call.'),
  deadline: durationSchema.optional().describe('Wall-clock time one run may take, e.g. "10m".'),
  repeatedCalls: count
    .optional()
    .describe('Equal replies (same tools, same arguments) in a row before the run is stopped. Default 5.'),
});

export const limitsSchema = limitOverridesSchema.extend({
  turns: count.default(DEFAULT_LIMITS.turns).describe('Model calls one run may make.'),
  toolCalls: count.default(DEFAULT_LIMITS.toolCalls).describe('Tool calls one run may make.'),
  repeatedCalls: count
    .default(DEFAULT_LIMITS.repeatedCalls)
    .describe('Equal replies (same tools, same arguments) in a row before the run is stopped.'),
});

/** Limits of one run, with defaults filled in; `deadline` in milliseconds. */
export type Limits = z.output<typeof limitsSchema>;

export const summaryPolicySchema = z.strictObject({
  at: z
    .number()
    .positive()
    .default(0.8)
    .describe(
      'How large the context may grow: a part of the window up to 1 (0.8 is 80 %), a number of tokens above 1.',
    ),
  keep: z
    .number()
    .min(0)
    .max(0.8)
    .default(0.3)
    .describe('The part of that which the newest messages keep as they are.'),
  model: z
    .string()
    .min(1)
    .optional()
    .describe('"provider/model" that writes the summaries. Default: the one the run uses.'),
  instructions: z.string().min(1).max(10_000).optional().describe('What a summary must not leave out.'),
});
/** When old messages are replaced by a summary, and how. */
export type SummaryPolicy = z.output<typeof summaryPolicySchema>;

export const contextPolicySchema = z.strictObject({
  maxTokens: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Tokens of context to use at most. Default: what the model allows.'),
  keepFirst: z.number().int().min(0).default(1).describe('Messages at the start that are never dropped (the task).'),
  summarise: summaryPolicySchema
    .optional()
    .describe('Old messages are summarised when the context has grown. Default: they are left out.'),
});

export const modelParametersSchema = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  maxOutputTokens: z.number().int().positive().optional().describe('Tokens one answer may have. Default 8192.'),
  reasoning: z
    .enum(['off', 'low', 'medium', 'high'])
    .optional()
    .describe('How much the model may think, where it can.'),
});
export type ModelParameters = z.output<typeof modelParametersSchema>;

const degradeSchema = z.strictObject({
  model: z
    .array(
      z
        .string()
        .max(200)
        .regex(/^[^/\s]+\/\S+$/, 'write provider/model, e.g. openai/gpt-5-mini'),
    )
    .min(1)
    .max(8)
    .optional()
    .describe('Models "provider/model" that stand in, in this order, when the one before is unavailable.'),
  tools: z
    .record(
      z.string().min(1),
      z.union([
        z.literal('skip'),
        z.strictObject({ say: z.string().trim().min(1).max(2_000).describe('What the model reads beside that.') }),
      ]),
    )
    .optional()
    .describe(
      'Tools or toolsets the run goes on without when they are unavailable: "skip", or what to say to the model.',
    ),
});

export const agentDefinitionSchema = z.strictObject({
  name: z.string().regex(AGENT_NAME, 'lower-case letters, digits and dashes, starting with a letter, at most 63'),
  description: z.string().max(1_000).optional(),
  role: z.string().max(200).optional().describe('What the agent is in its organisation, e.g. "editor".'),
  instructions: z.string().min(1).max(100_000).describe('The system prompt.'),
  variables: variablesSchema
    .optional()
    .describe('What stands for {{name}} in the instructions where a conversation sets nothing else.'),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      '"provider/model", e.g. "openai/gpt-5-mini". Default: the first provider that has a key, else simulated.',
    ),
  tools: z
    .array(z.string().min(1))
    .default([])
    .describe('Tools or toolsets the agent may use, e.g. [files, calculator].'),
  parameters: modelParametersSchema.prefault({}),
  limits: limitsSchema.prefault({}),
  context: contextPolicySchema.prefault({}),
  output: z.record(z.string(), z.unknown()).optional().describe('JSON Schema the final answer must satisfy.'),
  outputRepairs: z.number().int().min(0).max(10).default(2).describe('How often an invalid answer is sent back.'),
  parallelToolCalls: z.number().int().min(1).max(64).default(8).describe('Tool calls of one reply that run together.'),
  permissions: policySchema
    .optional()
    .describe('What its tool calls may do without being asked for; see docs/permissions.md.'),
  account: accountNameSchema
    .optional()
    .describe('What its runs spend from, where they name no account; see docs/budgets.md.'),
  onFailure: onFailureSchema.optional(),
  degrade: degradeSchema
    .optional()
    .describe('What the run can go on without; see docs/degradation.md. Default: nothing; an outage is waited for.'),
  capabilities: z
    .array(z.string().min(1).max(64))
    .max(64)
    .optional()
    .describe('What it can do, as plans ask for it in `needs`; see docs/plans.md.'),
  priority: z
    .number()
    .int()
    .min(1)
    .max(5)
    .optional()
    .describe('Who comes first where a plan says `assign: priority`: 1 before 5. Default 3.'),
  tags: z.array(z.string().max(64)).max(32).default([]),
});

/** An agent as its author writes it, in YAML or TypeScript. */
export type AgentDefinition = z.input<typeof agentDefinitionSchema>;

/** An agent with defaults filled in. */
export type Agent = z.output<typeof agentDefinitionSchema>;

/** An agent with its tools' specs and its model chosen: what a run is pinned to from its first step to its last. */
export interface ResolvedAgent extends Omit<Agent, 'tools' | 'model' | 'output'> {
  tools: ToolSpec[];
  /** `provider/model`. */
  model: string;
  output?: JsonSchema;
  /** Content hash of all of the above; recorded by every run. */
  revision: string;
}
