import { AsyncLocalStorage } from 'node:async_hooks';
import { activityInfo } from '@temporalio/activity';
import { defineTool, type ToolContext } from 'holdfast';
import { z } from 'zod';
import type { Failpoints } from './failpoints';
import { callLedger } from './ledger-calls';

/** Milliseconds of a tool that is not quick: long enough for a heartbeat to leave while it runs. */
const SLOW_MS = 650;
const LINE = 'a line of output that is exactly sixty-four characters in length\n';

/** The key of the tool call whose activity runs now: that of a `once` tool is not in its idempotency key. */
export const callRunning = new AsyncLocalStorage<string | undefined>();

/** `turn:callId`: what a call is called in the ledger and in the checker. `firstRunId:turn:callId` without the run says it too. */
function callKey(idempotencyKey: string): string {
  return callRunning.getStore() ?? idempotencyKey.slice(idempotencyKey.indexOf(':') + 1);
}

/** The first bytes of what `emit` gives, the same every time. */
export function emitted(bytes: number): string {
  return LINE.repeat(Math.ceil(bytes / LINE.length)).slice(0, bytes);
}

/** Tools of every class; each tells the ledger before it answers, and answers the same each time. */
export function createTools(ledger: string, points: Failpoints) {
  async function outside(
    name: string,
    effect: 'read' | 'idempotent' | 'once',
    { idempotencyKey, signal, correlationId: session }: ToolContext,
    delayMs: number,
  ): Promise<void> {
    const key = callKey(idempotencyKey);
    await points.cross(session, 'tool-starting', `${name} ${key}`);
    const { attempt } = activityInfo();
    await callLedger(ledger, 'tool', { session, key, name, effect, idempotencyKey, attempt, delayMs }, signal);
    await points.cross(session, 'tool-done', `${name} ${key}`);
  }

  const item = z.object({ item: z.string(), bytes: z.number().int().min(0).optional() });
  return [
    defineTool({
      name: 'peek',
      description: 'A quick read.',
      input: item,
      effect: 'read',
      quick: true,
      async execute({ item, bytes }, context) {
        await outside('peek', 'read', context, 0);
        return bytes === undefined ? `peeked at ${item}` : `${item} `.padEnd(bytes, 'peeked ');
      },
    }),
    defineTool({
      name: 'look',
      description: 'A slow read.',
      input: item.extend({ ms: z.number().optional() }),
      effect: 'read',
      async execute({ item, ms = SLOW_MS }, context) {
        await outside('look', 'read', context, ms);
        return { looked: item };
      },
    }),
    defineTool({
      name: 'store',
      description: 'A write that takes effect once a key.',
      input: item.extend({ ms: z.number().optional() }),
      effect: 'idempotent',
      async execute({ item, ms = 0 }, context) {
        await outside('store', 'idempotent', context, ms);
        return { stored: item.slice(0, 100), length: item.length };
      },
    }),
    defineTool({
      name: 'publish',
      description: 'An act that must not happen twice.',
      input: item.extend({ ms: z.number().optional() }),
      effect: 'once',
      async execute({ item, ms = SLOW_MS }, context) {
        await outside('publish', 'once', context, ms);
        return `published ${item}`;
      },
    }),
    defineTool({
      name: 'deliver',
      description: 'An act that must not happen twice, of which one can find out whether it happened.',
      input: item,
      effect: 'once',
      async execute({ item }, context) {
        await outside('deliver', 'once', context, SLOW_MS);
        return `delivered ${item}`;
      },
      async check(_input, { idempotencyKey, signal }) {
        const { done } = (await callLedger(ledger, 'check', { idempotencyKey }, signal)) as { done: boolean };
        return { outcome: done ? 'done' : 'not-done' };
      },
    }),
    defineTool({
      name: 'emit',
      description: 'Writes something down, then says very much about it.',
      input: z.object({ bytes: z.number().int() }),
      effect: 'idempotent',
      async execute({ bytes }, context) {
        await outside('emit', 'idempotent', context, 0);
        return emitted(bytes);
      },
    }),
    defineTool({
      name: 'endless',
      description: 'Writes something down, then never stops talking.',
      input: z.object({}),
      effect: 'idempotent',
      async execute(_input, context) {
        await outside('endless', 'idempotent', context, 0);
        return forever();
      },
    }),
  ];
}

async function* forever(): AsyncGenerator<string> {
  const chunk = emitted(LINE.length * 256);
  for (;;) yield chunk;
}
