import { z } from 'zod';
import { AGENT_NAME } from '../agent';
import { actorSchema, prioritySchema } from '../control';

/** Names of registries are part of workflow ids. */
export const REGISTRY_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

const word = z.string().min(1).max(64);
const agentName = z.string().regex(AGENT_NAME, 'lower-case letters, digits and dashes, starting with a letter');

export const agentEntrySchema = z.strictObject({
  name: agentName,
  description: z.string().max(300).optional(),
  role: z.string().min(1).max(100).optional(),
  capabilities: z.array(word).max(32).optional().describe('What it can do, as `needs` asks for it.'),
  tags: z.array(word).max(32).optional(),
  model: z.string().min(1).max(200).optional().describe('provider/model.'),
  costUsd: z.number().positive().optional().describe('US dollars a run may cost at most.'),
  priority: prioritySchema.optional().describe('1 comes first. Default 3.'),
  revision: z.string().max(64).optional().describe('Content hash of its definition.'),
});
/** What a registry is told of an agent. */
export type AgentEntry = z.output<typeof agentEntrySchema>;

export const registerSchema = actorSchema.extend({
  entries: z.array(agentEntrySchema).max(2_000),
  queue: z.string().min(1).max(200).optional().describe('The task queue whose workers serve them.'),
  serves: z
    .array(agentName)
    .max(2_000)
    .optional()
    .describe('All agents of this part of the registry that the queue serves: it serves no others any more.'),
  ifVersion: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('Refused unless every one of them has this version now; 0 is not there.'),
});
export type Register = z.output<typeof registerSchema>;

export const registeredSchema = z.object({
  added: z.number().int(),
  updated: z.number().int(),
  unchanged: z.number().int(),
  left: z.number().int().describe('Agents the queue does not serve any more.'),
});
/** The answer to `register`. */
export type RegisteredCounts = z.output<typeof registeredSchema>;

export const unregisterSchema = actorSchema.extend({ agent: agentName });
export type Unregister = z.output<typeof unregisterSchema>;

export const appointSchema = actorSchema.extend({
  agent: agentName,
  state: z.enum(['active', 'paused']).describe('A paused agent is not chosen; what it runs goes on.'),
});
export type Appoint = z.output<typeof appointSchema>;

export const rateSchema = actorSchema.extend({
  agent: agentName,
  stars: z.number().int().min(1).max(5).optional(),
  violation: z.literal(true).optional().describe('It broke a rule.'),
  run: z.string().max(1_000).optional().describe('The run that is meant.'),
});
/** What a person thinks of an agent's work: stars, a violation, or both. */
export type Rate = z.output<typeof rateSchema>;
