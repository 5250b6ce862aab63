/** A process that owns (or attaches to) an embedded server: `node embedded-parent.cjs HOME PORT`, told on stdout. */
const { createJiti } = require('jiti');

async function main() {
  const [home, port] = process.argv.slice(2);
  const jiti = createJiti(__filename);
  const { startEmbeddedServer } = await jiti.import('../../workers/embedded/embedded-server.ts');
  const server = await startEmbeddedServer({ home, port: Number(port), uiPort: 0 });
  const { address, pid, owned, port: served } = server;
  process.stdout.write(`${JSON.stringify({ address, pid, owned, port: served })}\n`);
  process.on('SIGTERM', async () => {
    await server.stop();
    process.exit(0);
  });
  setInterval(() => undefined, 60_000);
}

main().catch((error) => {
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exit(1);
});
