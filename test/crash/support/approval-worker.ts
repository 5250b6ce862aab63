import { appendFileSync } from 'node:fs';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { defineTool } from 'holdfast';
import { type ScriptedStep, scriptedModel } from 'holdfast/testing';
import { HoldfastPlugin } from 'holdfast/worker';
import { z } from 'zod';
import { untilUp } from './until-up';

export interface ApprovalWorkerSettings {
  address: string;
  home: string;
  /** Where the tool notes whom it paid, a line each. */
  paid: string;
  /** The bundle of workflows: the build that is deployed. */
  codePath: string;
}

/** Answers from what it is asked, so that any process may be asked. */
const step: ScriptedStep = ({ messages }) => {
  const last = messages.at(-1);
  if (last?.role === 'tool') return { text: last.content };
  const task = JSON.stringify(messages[0]?.content);
  return { toolCalls: [{ name: 'pay', arguments: { text: /"text":"([^"]*)"/.exec(task)?.[1] ?? task } }] };
};

/** A worker whose agent pays when it is allowed to. */
export async function main(): Promise<void> {
  const settings = JSON.parse(process.env.HOLDFAST_APPROVAL_WORKER ?? '') as ApprovalWorkerSettings;
  process.on('disconnect', () => process.exit(0));
  process.on('message', () => {
    global.gc?.();
    process.send?.({ type: 'memory', rss: process.memoryUsage().rss });
  });
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const pay = defineTool({
    name: 'pay',
    description: 'pays',
    input: z.object({ text: z.string() }),
    effect: 'idempotent',
    execute({ text }) {
      appendFileSync(settings.paid, `${text}\n`);
      return `paid ${text}`;
    },
  });
  const agent = { name: 'clerk', instructions: 'Pay.', model: 'scripted/steps', tools: ['pay'] };
  const plugin = new HoldfastPlugin({
    home: settings.home,
    env: {},
    agents: [agent],
    tools: [pay],
    providers: [scriptedModel(Array.from({ length: 10_000 }, () => step))],
  });
  const connection = await untilUp(() => NativeConnection.connect({ address: settings.address }));
  const worker = await untilUp(() =>
    Worker.create({
      connection,
      taskQueue: 'approvals',
      plugins: [plugin],
      workflowBundle: { codePath: settings.codePath },
    }),
  );
  process.send?.({ type: 'polling' });
  await worker.run();
}
