/** A worker of some agents, run from the built package in a process of its own. */
const { DefaultLogger, NativeConnection, Runtime, Worker } = require('@temporalio/worker');
const { HoldfastPlugin } = require('holdfast/worker');

const { address, taskQueue, home, agents, env, prices } = JSON.parse(process.env.HOLDFAST_PLAIN_WORKER);

async function main() {
  // The tests hold the other end of the channel: when they are gone, so are we.
  process.on('disconnect', () => process.exit(0));
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address });
  const plugins = [new HoldfastPlugin({ home, env, prices, agents, permissions: { profile: 'owner' } })];
  const worker = await Worker.create({ connection, taskQueue, plugins });
  process.send('ready');
  await worker.run();
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
