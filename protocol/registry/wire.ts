import { z } from 'zod';
import { AGENT_NAME } from '../agent';
import { REGISTRY_NAME } from './entry';

/* The answers of a registry, and what it is told by workers: open to fields of later versions. */

const figure = z.number();
const part = z.number().min(0).max(1);
const status = z.enum(['active', 'paused', 'unserved', 'unregistered']);

export const registryInputSchema = z.strictObject({
  registry: z.string().regex(REGISTRY_NAME),
  shard: z.number().int().min(0).max(7).describe('Which part: a hash of the agent’s name says where it is.'),
  rolloverMessages: z.number().int().positive().optional(),
});

const outcomeSchema = z.object({
  agent: z.string().regex(AGENT_NAME),
  kind: z.string().max(200).describe('What the work asked for: its needs, sorted, joined by "+"; empty for none.'),
  success: z.boolean(),
  ms: figure.min(0),
  expectedMs: figure.min(0).optional(),
  usd: figure.min(0),
  violation: z.literal(true).optional(),
});

const perAgent = z.record(z.string(), z.number().int());
export const reportSchema = z.object({
  began: perAgent.optional().describe('Attempts that began, by agent.'),
  ended: perAgent.optional(),
  outcomes: z.array(outcomeSchema).max(2_000).optional(),
});

const briefSchema = z.object({
  name: z.string(),
  description: z.string().nullable(),
  role: z.string().nullable(),
  capabilities: z.array(z.string()),
  tags: z.array(z.string()),
  status,
  version: z.number().int(),
  queues: z.array(z.string()).describe('Task queues whose workers serve it.'),
  running: z.number().int().describe('As reported; after an hour without a report, 0.'),
  score: part.describe('Its reputation.'),
  outcomes: z.number().int(),
});

export const foundAgentsSchema = z.object({ agents: z.array(briefSchema), total: z.number().int() });

const actor = z.object({ by: z.string(), reason: z.string().optional() });

export const agentViewSchema = briefSchema
  .extend({
    model: z.string().nullable(),
    costUsd: figure.nullable(),
    priority: z.number().int(),
    revision: z.string().nullable(),
    versions: z.array(
      z.object({ version: z.number().int(), revision: z.string().nullable(), at: figure, by: z.string() }),
    ),
    servedSince: z.record(z.string(), figure),
    paused: actor.nullable(),
    reputation: z.object({
      score: part,
      parts: z.array(
        z.object({
          part: z.enum(['success', 'rating', 'speed', 'thrift', 'conduct']),
          value: part,
          weight: part,
          evidence: figure.describe('What it rests on, faded: 1 is one attempt or rating of today.'),
        }),
      ),
      counts: z.object({ outcomes: z.number().int(), ratings: z.number().int(), violations: z.number().int() }),
    }),
    kinds: z.record(z.string(), z.object({ evidence: figure, success: figure, value: figure })),
    remarks: z.array(
      actor.extend({
        at: figure,
        stars: z.number().int().optional(),
        violation: z.literal(true).optional(),
        run: z.string().optional(),
      }),
    ),
  })
  .nullable();

export const candidatesPageSchema = z.object({
  candidates: z.array(
    z.object({
      agent: z.string(),
      skill: part,
      priority: z.number().int(),
      running: z.number().int(),
      chosen: z.number().int(),
      queues: z.array(z.string()),
      score: part,
      n: figure,
      value: figure,
    }),
  ),
  total: z.number().int(),
});

export const standingsPageSchema = z.object({
  agents: z.record(
    z.string(),
    z.object({
      score: part,
      paused: z.boolean(),
      kinds: z.record(z.string(), z.object({ n: figure, value: figure })),
    }),
  ),
});

export const queueViewSchema = z.object({
  agents: z.number().int(),
  digest: z.string().describe('Of all it serves: equal for equal agents.'),
});
