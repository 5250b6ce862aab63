/**
 * A supervised process: `node supervised-parent.cjs HOME STOP_MS`. Its one service takes STOP_MS to stop. Reports on stdout:
 * the server's pid, what stopped, how it ended.
 */
const { setTimeout: sleep } = require('node:timers/promises');
const { createJiti } = require('jiti');

const say = (line) => process.stdout.write(`${line}\n`);

async function main() {
  const [home, stopMs] = process.argv.slice(2);
  const { supervise } = await createJiti(__filename).import('../../workers/supervisor.ts');
  let ended;
  const done = new Promise((resolve) => {
    ended = resolve;
  });
  const stop = async () => {
    await sleep(Number(stopMs));
    say('service stopped');
    ended();
  };
  const service = { name: 'service', start: async () => ({ done, stop }) };
  const supervisor = await supervise({ server: { home, port: 0, uiPort: 0 }, services: [service] });
  say(`server ${supervisor.server().pid}`);
  say(await supervisor.done);
  process.exit(0);
}

main();
