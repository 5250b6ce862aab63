/**
 * `npm run example NAME…`: runs examples, by folder or by the start of its name; `all` runs every one, no name lists them.
 * Each is run by jiti straight from its TypeScript, in a process of its own, and imports `holdfast` as any project does:
 * through package.json's exports, from dist/ (built when it is missing). Without TEMPORAL_ADDRESS an embedded server is
 * started for them, or the one that runs in HOLDFAST_HOME is used. Ends with 1 when an example fails.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const examples = path.join(root, 'examples');
const known = readdirSync(examples)
  .filter((name) => existsSync(path.join(examples, name, 'main.ts')))
  .sort();

const wanted = process.argv.slice(2);
if (wanted.length === 0) {
  console.log(`Run one of these, or all:\n${known.map((name) => `  npm run example ${name}`).join('\n')}`);
  process.exit(0);
}
const names = wanted.flatMap((name) => (name === 'all' ? known : known.filter((each) => each.startsWith(name))));
if (names.length === 0) {
  console.error(`There is no example "${wanted.join(' ')}". Known: ${known.join(', ')}.`);
  process.exit(2);
}

if (!existsSync(path.join(root, 'dist', 'workflows', 'bundle.js'))) {
  console.error('Building first…');
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const server = process.env.TEMPORAL_ADDRESS ? undefined : await startServer();
const env = {
  ...process.env,
  ...(server && { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace }),
  HOLDFAST_HOME: homeFolder(),
};

let failed = 0;
for (const name of names) {
  if (names.length > 1) console.log(`\n── ${name}`);
  const code = await run(path.join(examples, name, 'main.ts'));
  if (code !== 0) {
    failed++;
    console.error(`${name} failed with exit code ${code}.`);
  }
}
await server?.stop();
process.exitCode = failed === 0 ? 0 : 1;

function homeFolder() {
  return path.resolve(process.env.HOLDFAST_HOME || path.join(root, '.holdfast'));
}

function startServer() {
  const { startEmbeddedServer } = createRequire(path.join(root, 'package.json'))('holdfast/testing');
  return startEmbeddedServer({ home: homeFolder(), log: (line) => console.error(line) });
}

function run(file) {
  const jiti = path.join(root, 'node_modules', 'jiti', 'lib', 'jiti-cli.mjs');
  const child = spawn(process.execPath, [jiti, file], { cwd: path.dirname(file), env, stdio: 'inherit' });
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
