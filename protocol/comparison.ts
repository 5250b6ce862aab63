import { z } from 'zod';

/** Two runs side by side. Read here, not on the wire: the answer of `HoldfastClient.compare`, and of `runs compare --json`. */

const count = z.number().int().min(0);

export const comparedRunSchema = z.object({
  id: z.string(),
  agent: z.string(),
  revision: z.string().nullable().describe('Content hash of the agent; null before its first reply.'),
  model: z.string().nullable(),
  status: z.string(),
  stopReason: z.string().nullable().describe('Null while the run goes on, and where it failed.'),
  failure: z.string().nullable().describe('The code of the failure it ended with.'),
  turns: count,
  toolCalls: count,
  inputTokens: count,
  outputTokens: count,
  costUsd: z.number(),
  costIncomplete: z.boolean().describe('The cost is a lower bound: some price was unknown.'),
  simulated: z.boolean(),
  messages: count,
  startedAt: z.iso.datetime(),
  ms: z.number().nullable().describe('From its start to its end, with all it waited for; null while it goes on.'),
});
/** Figures of one of two runs. Cost in US dollars, times in milliseconds. */
export type ComparedRun = z.output<typeof comparedRunSchema>;

export const comparedMessageSchema = z.object({
  role: z.enum(['user', 'assistant', 'tool']),
  text: z.string().describe('What it says, or what the tool answered.'),
  calls: z.array(z.object({ name: z.string(), arguments: z.unknown() })).describe('Tool calls an answer asks for.'),
  tool: z.string().nullable().describe('Of a result: the tool.'),
  outcome: z.string().nullable().describe('Of a result: how the call ended.'),
});
/** A message as it is compared: without ids, reasoning and signatures, which vendors make up. */
export type ComparedMessage = z.output<typeof comparedMessageSchema>;

export const comparisonSchema = z.object({
  runs: z.tuple([comparedRunSchema, comparedRunSchema]),
  common: count.describe('Messages at the start that both have, word for word.'),
  different: z
    .object({
      position: count.describe('Of the first message that is not the same.'),
      messages: z
        .tuple([comparedMessageSchema.nullable(), comparedMessageSchema.nullable()])
        .describe('What each run has there; null where it has ended before, or has come no further.'),
    })
    .nullable()
    .describe('Null when the conversations are the same.'),
});
/** Two runs side by side, and the first message in which their conversations part. */
export type Comparison = z.output<typeof comparisonSchema>;
