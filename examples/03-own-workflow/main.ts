import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { defineAgent } from 'holdfast';
import { HoldfastPlugin } from 'holdfast/worker';
import type { invoice, Position } from './workflows';

const cashier = defineAgent({
  name: 'cashier',
  instructions:
    'You calculate the price of one position of an order. Always use the calculator. Answer in one sentence.',
  tools: ['calculator'],
});

const POSITIONS: Position[] = [
  { article: 'lamp', quantity: 3, price: 12.5 },
  { article: 'cable', quantity: 12, price: 0.75 },
  { article: 'bulb', quantity: 7, price: 1.1 },
];

async function main(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233' });
  const namespace = process.env.TEMPORAL_NAMESPACE ?? 'default';
  const taskQueue = 'example-03-own-workflow';
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowsPath: require.resolve('./workflows'),
    plugins: [new HoldfastPlugin({ agents: [cashier] })],
  });
  const client = new Client({ connection, namespace });

  const { lines, total } = await worker.runUntil(
    client.workflow.execute<typeof invoice>('invoice', {
      taskQueue,
      workflowId: `invoice-${randomUUID()}`,
      args: [POSITIONS],
    }),
  );
  console.log(lines.join('\n'));
  console.log(`Total: ${total}`);

  assert.equal(lines.length, POSITIONS.length);
  for (const [index, price] of [37.5, 9, 7.7].entries()) assert.match(lines[index] ?? '', new RegExp(`\\b${price}\\b`));
  assert.equal(total, 54.2);
  await connection.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
