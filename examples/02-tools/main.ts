import assert from 'node:assert/strict';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { defineAgent } from 'holdfast';
import { HoldfastClient } from 'holdfast/client';
import { createWorker } from 'holdfast/worker';
import { findOrder, reserveStock, warehouse } from './tools';

const clerk = defineAgent({
  name: 'clerk',
  instructions:
    'You handle orders. Look an order up with find_order before you reserve anything, reserve exactly what it says with reserve_stock, and calculate with the calculator. Answer in one sentence.',
  // Your own tools by name, beside built-in ones.
  tools: ['find_order', 'reserve_stock', 'calculator'],
  // What changes something asks a person, unless a rule allows it: more than ten pieces still ask.
  permissions: { allow: ['reserve_stock(quantity<=10)'] },
  limits: { turns: 10, deadline: '2m' },
});

async function main(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233' });
  const namespace = process.env.TEMPORAL_NAMESPACE ?? 'default';
  const taskQueue = 'example-02-tools';
  const tools = [findOrder, reserveStock];
  const worker = await createWorker({ connection, namespace, taskQueue, agents: [clerk], tools });
  const holdfast = new HoldfastClient(new Client({ connection, namespace }), { taskQueue });
  const ask = async (input: string) => {
    const run = await holdfast.start('clerk', { input });
    const result = await run.result();
    console.log(`> ${input}\n${result.output}\n`);
    return result;
  };

  await worker.runUntil(async () => {
    const reserved = await ask('Look up order A-17 with find_order, then reserve its quantity with reserve_stock.');
    assert.equal(reserved.stopReason, 'completed');

    const total = await ask('What do 3 pieces at 12.50 cost? Calculate 3 * 12.50.');
    assert.match(String(total.output), /37\.5/);

    const unknown = await ask('Look up order X-9 with find_order.');
    assert.equal(
      unknown.stopReason,
      'completed',
      "a tool's failure is something the model reads, not the end of the run",
    );
  });

  console.log(`${warehouse.attempts} attempts, ${warehouse.reservations.size} reservation`);
  assert.equal(warehouse.attempts, 2);
  assert.deepEqual([...warehouse.reservations.values()], [{ sku: 'LAMP-2', quantity: 3 }]);
  await connection.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
