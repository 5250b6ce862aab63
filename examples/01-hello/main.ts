import assert from 'node:assert/strict';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { defineAgent } from 'holdfast';
import { HoldfastClient } from 'holdfast/client';
import { createWorker } from 'holdfast/worker';

const cashier = defineAgent({
  name: 'cashier',
  instructions: 'You add up what people buy. Always use the calculator. Answer in one sentence.',
  tools: ['calculator'],
});

async function main(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233' });
  const namespace = process.env.TEMPORAL_NAMESPACE ?? 'default';
  const taskQueue = 'example-01-hello';
  const worker = await createWorker({ connection, namespace, taskQueue, agents: [cashier] });
  const holdfast = new HoldfastClient(new Client({ connection, namespace }), { taskQueue });

  const result = await worker.runUntil(async () => {
    const run = await holdfast.start('cashier', { input: 'What is 3 * 12.50 + 4.50?' });
    return run.result();
  });
  console.log(result.output);
  console.log(`${result.turns} turns, ${result.toolCalls} tool call, model ${result.model}, $${result.costUsd}`);

  assert.equal(result.stopReason, 'completed');
  assert.match(String(result.output), /42/);
  await connection.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
