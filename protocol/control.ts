import { z } from 'zod';
import { limitOverridesSchema, modelParametersSchema } from './agent';
import { durationSchema } from './duration';
import type { FailureCode } from './failures';
import type { Message } from './messages';
import type { StopReason } from './stop-reason';
import { variableChangesSchema } from './variables-schema';

/** Who acts on a run, and why: every operator action carries it into the history. */
export const actorSchema = z.strictObject({
  by: z.string().trim().min(1).max(200).describe('Who acts: a person or a program.'),
  reason: z.string().max(2_000).optional().describe('Why; kept in the history.'),
});
export type Actor = z.output<typeof actorSchema>;

export const steerSchema = actorSchema.extend({
  text: z.string().trim().min(1).max(50_000).describe('Guidance the model reads before its next call.'),
  pin: z.boolean().optional().describe('Never summarised: the model sees it word by word to the end.'),
});
export type Steering = z.output<typeof steerSchema>;

export const stepSchema = actorSchema.extend({
  unit: z
    .enum(['turn', 'call'])
    .optional()
    .describe('`turn` (default): one model call and the tool calls it asks for. `call`: one model or tool call.'),
});
export type Step = z.output<typeof stepSchema>;

export const breakpointsSchema = z.strictObject({
  turns: z.array(z.number().int().positive()).max(100).optional().describe('Pause before these turns.'),
  tools: z.array(z.string().min(1).max(64)).max(100).optional().describe('Pause before these tools run; `*` is any.'),
});
export type Breakpoints = z.output<typeof breakpointsSchema>;

/** 1 is the most urgent, 5 the least; Temporal's own scale, default 3. */
export const prioritySchema = z.number().int().min(1).max(5);

export const changeSchema = actorSchema.extend({
  model: z.string().min(1).max(200).optional().describe('`provider/model` from the next call on.'),
  parameters: modelParametersSchema.optional().describe('Replaces single parameters from the next call on.'),
  limits: limitOverridesSchema
    .optional()
    .describe('Replaces single limits; a deadline counts from the start of the run (chat: of the exchange).'),
  priority: prioritySchema.optional().describe('Of the calls that start from now on.'),
  breakpoints: breakpointsSchema.optional().describe('Replaces all breakpoints.'),
  variables: variableChangesSchema.optional(),
});
export type Change = z.output<typeof changeSchema>;

export const chatOptionsSchema = z.strictObject({
  title: z.string().trim().min(1).max(200).optional(),
  idleTimeout: durationSchema.optional().describe('Closes the chat after this long without a message. Default: never.'),
  expiresAfter: durationSchema.optional().describe('Closes the chat this long after its start. Default: never.'),
});
/** Durations in milliseconds. */
export type ChatOptions = z.output<typeof chatOptionsSchema>;

export const sendSchema = z.strictObject({
  input: z.unknown().describe('Text, parts (text, images, files), or any JSON value.'),
  by: z.string().trim().min(1).max(200).optional().describe('Who writes.'),
  pin: z.boolean().optional().describe('Never summarised: the model sees it word by word to the end.'),
  agent: z.string().optional().describe('Refuses the message when the chat is with another agent.'),
  source: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Says that the message came from outside, and from where: the conversation counts as tainted from then on.',
    ),
});
export type Sending = z.output<typeof sendSchema>;

/** What `send` answers: the message is in the queue, for good. */
export interface Receipt {
  /** The number of the exchange the message opens, from 1; `exchange(number)` tells how it goes. */
  exchange: number;
  /** Exchanges that are worked on before it. */
  ahead: number;
}

/** One message and what the agent did about it. */
export interface Exchange {
  number: number;
  /** The update id the message was sent with: sending it again opens no second exchange. */
  id: string;
  status: 'queued' | 'working' | 'done';
  /** Position of the message in the transcript, once it is worked on. */
  from?: number;
  /** Position after the exchange's last message, once it is done. */
  to?: number;
  stopReason?: StopReason;
  detail?: string;
  /** Of an exchange that failed; `detail` says why. */
  failure?: { code: FailureCode; hint?: string };
  /** The answer: text, or the validated value; kept for the latest exchanges and when it is small, else read the transcript. */
  output?: unknown;
}

/** A message that waits for its turn. */
export interface QueuedMessage {
  number: number;
  id: string;
  message: Message;
}

/** An operator action, as the run's state shows it. */
export interface ControlAction extends Actor {
  /** Milliseconds since epoch, workflow time. */
  at: number;
  /** The update's name. */
  action: string;
  /** What was asked for, in one line. */
  detail?: string;
}

/** Why a run does not go on by itself. */
export interface Pause extends Actor {
  at: number;
}

/** Control of a run as it is carried into the next Temporal run. */
export interface ControlState {
  pause: Pause | null;
  /** Steps still allowed while paused. */
  steps: { unit: 'turn' | 'call'; left: number } | null;
  /** Guidance the model has not seen yet. */
  steering: Message[];
  breakpoints: Breakpoints;
  /** The end an operator asked for, of the run or of the exchange, until it is there. */
  ending?: { reason: StopReason; detail: string };
  /** The latest actions; all of them are events of the history. */
  actions: ControlAction[];
  /** Update ids of the latest orders: the server forgets them when the session continues as new. */
  taken?: string[];
}

/** A chat as it is carried into the next Temporal run. */
export interface ChatState {
  startedAt: number;
  title: string | null;
  /** Number of the next exchange. */
  next: number;
  queue: QueuedMessage[];
  /** The exchange in progress and the latest ones before it. */
  exchanges: Exchange[];
  closed: Actor | null;
  /** When the last exchange ended, or the chat began. */
  quietSince: number;
}
