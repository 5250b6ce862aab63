import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { defineTool } from 'holdfast';
import { type ScriptedStep, scriptedModel } from 'holdfast/testing';
import { HoldfastPlugin } from 'holdfast/worker';
import { z } from 'zod';
import { untilUp } from './until-up';

export interface UndoWorkerSettings {
  address: string;
  home: string;
  /** Where the tool notes what it did and undid, a line each. */
  file: string;
  /** How many things are booked before the limit of turns ends the run. */
  booked: number;
}

/** Milliseconds an undo takes before and after it is written down: room for a kill on either side. */
const BEFORE_MS = 150;
const AFTER_MS = 150;

/** Books one thing after another, from what it is asked, so that any process may be asked. The limit of turns ends it. */
const step: ScriptedStep = ({ messages }) => {
  const done = messages.filter(({ role }) => role === 'tool').length;
  return { toolCalls: [{ id: `c${done}`, name: 'book', arguments: { what: `${done + 1}` } }] };
};

/** A worker whose agent books things, and undoes that when it meets its limit. */
export async function main(): Promise<void> {
  const settings = JSON.parse(process.env.HOLDFAST_UNDO_WORKER ?? '') as UndoWorkerSettings;
  process.on('disconnect', () => process.exit(0));
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const book = defineTool({
    name: 'book',
    description: 'books',
    input: z.object({ what: z.string() }),
    effect: 'once',
    execute({ what }, { correlationId: run }) {
      appendFileSync(settings.file, `${run} book ${what}\n`);
      return { booked: what };
    },
    async undo({ what }, result, { correlationId: run, idempotencyKey }) {
      appendFileSync(settings.file, `${run} begin ${what}\n`);
      await sleep(BEFORE_MS);
      const { booked } = result as { booked: string };
      if (booked !== what) throw new Error('this is the result of something else');
      appendFileSync(settings.file, `${run} undo ${what} ${idempotencyKey}\n`);
      await sleep(AFTER_MS);
    },
  });
  const agent = {
    name: 'clerk',
    instructions: 'Book.',
    model: 'scripted/steps',
    tools: ['book'],
    onFailure: 'compensate' as const,
    limits: { turns: settings.booked },
  };
  const plugin = new HoldfastPlugin({
    home: settings.home,
    env: {},
    agents: [agent],
    tools: [book],
    permissions: { profile: 'owner' },
    providers: [scriptedModel(Array.from({ length: 10_000 }, () => step))],
  });
  const connection = await untilUp(() => NativeConnection.connect({ address: settings.address }));
  const worker = await untilUp(() => Worker.create({ connection, taskQueue: 'undo', plugins: [plugin] }));
  process.send?.({ type: 'polling' });
  await worker.run();
}
