/**
 * `npm run topology`: the services of docker-compose.yml as plain processes, where no container engine is at hand. PostgreSQL, the
 * schema script, a Temporal server, the namespace script, the Web UI and a worker are started with the environment that the compose file
 * gives them, only hosts and ports changed; then an agent runs on it. Needs PostgreSQL and, the first time, Go. `--keep` leaves the
 * folder with the logs.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Missing, postgresFolder, temporalFolder } from './topology/binaries.mjs';
import { freePort, listens, Processes } from './topology/processes.mjs';
import { serverConfig } from './topology/server-config.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(path.join(root, 'package.json'));
const at = (...parts) => path.join(root, ...parts);
const CLI = at('dist', 'apps', 'cli', 'main.js');
const HOST = '127.0.0.1';

const say = (line) => process.stderr.write(`${line}\n`);
const timings = [];

async function timed(what, work) {
  const started = Date.now();
  const result = await work();
  timings.push([what, (Date.now() - started) / 1000]);
  say(`${what}: ${timings.at(-1)[1].toFixed(1)} s`);
  return result;
}

/** The services of the compose file; variables have their defaults, or what this environment says. */
function composeServices() {
  const text = readFileSync(at('docker-compose.yml'), 'utf8');
  const filled = text.replace(/\$\{([A-Z_]+):-([^}]*)\}/g, (_, name, fallback) => process.env[name] || fallback);
  const { services } = require('yaml').parse(filled, { merge: true });
  for (const service of Object.values(services)) service.environment = passedThrough(service.environment);
  return services;
}

/** A variable without a value is the one of this environment, if it has it. */
function passedThrough(environment) {
  return Object.fromEntries(
    Object.entries(environment)
      .map(([name, value]) => [name, value ?? process.env[name]])
      .filter(([, value]) => value !== undefined),
  );
}

function versionOf({ image }) {
  return /:(\d+\.\d+\.\d+)/.exec(image)[1];
}

/** PostgreSQL refuses to run as root: it gets the user it was installed with, else nobody. */
function ordinaryUser() {
  if (process.getuid() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Missing('PostgreSQL does not run as root, and there is no other user to run it as');
}

async function startPostgres(processes, bin, { environment }) {
  const user = ordinaryUser();
  const data = path.join(processes.folder, 'postgresql');
  const passwordFile = path.join(processes.folder, 'password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, environment.POSTGRES_PASSWORD);
  if (user.uid) for (const file of [processes.folder, data, passwordFile]) chownSync(file, user.uid, user.gid);
  const options = { ...user, cwd: processes.folder };
  const init = [
    '-D',
    data,
    '--username',
    environment.POSTGRES_USER,
    '--pwfile',
    passwordFile,
    '--auth',
    'scram-sha-256',
  ];
  await processes.run('initdb', path.join(bin, 'initdb'), init, options);
  const port = await freePort();
  const args = ['-D', data, '-h', HOST, '-p', String(port), '-k', processes.folder];
  processes.start('postgresql', path.join(bin, 'postgres'), args, options);
  await processes.until('postgresql', () => listens(port));
  return port;
}

async function startServer(processes, bin, environment) {
  const { config, grpcPort } = await serverConfig(environment, at('deploy', 'compose', 'dynamic-config.yaml'));
  mkdirSync(path.join(processes.folder, 'config'));
  writeFileSync(path.join(processes.folder, 'config', 'topology.yaml'), JSON.stringify(config));
  const args = ['--root', processes.folder, '--config', 'config', '--env', 'topology', '--allow-no-auth', 'start'];
  processes.start('temporal', path.join(bin, 'temporal-server'), args);
  await processes.until('temporal', () => listens(grpcPort));
  return grpcPort;
}

async function startUi(processes, bin, address) {
  const port = await freePort();
  mkdirSync(path.join(processes.folder, 'ui'));
  const config = { temporalGrpcAddress: address, host: HOST, port, enableUi: true };
  writeFileSync(path.join(processes.folder, 'ui', 'topology.yaml'), JSON.stringify(config));
  const args = ['--root', processes.folder, '--config', 'ui', '--env', 'topology', 'start'];
  processes.start('ui', path.join(bin, 'temporal-ui'), args);
  await processes.until('ui', () => listens(port));
  const answer = await fetch(`http://${HOST}:${port}/api/v1/namespaces`);
  if (!answer.ok) throw new Error(`the Web UI answers ${answer.status}`);
}

async function startWorker(processes, environment) {
  const env = { ...process.env, ...environment, HOLDFAST_HOME: path.join(processes.folder, 'home') };
  processes.start('worker', process.execPath, [CLI, 'worker'], { cwd: root, env });
  await processes.until('worker', () => /Ready/.test(readFileSync(processes.logOf('worker'), 'utf8')));
  return env;
}

async function topology(folder) {
  const services = composeServices();
  const postgresBin = postgresFolder();
  const versions = { server: versionOf(services.temporal), ui: versionOf(services.ui) };
  const bin = await timed('Temporal binaries', () => temporalFolder(versions, say));
  if (!existsSync(CLI)) throw new Missing('Holdfast is not built: npm run build');
  const { findTemporalCli } = require(at('dist', 'workers', 'embedded', 'find-temporal-cli.js'));
  const tools = `${bin}:${path.dirname((await findTemporalCli({ log: say })).path)}:${process.env.PATH}`;
  const processes = new Processes(folder);
  const script = (name, env) =>
    processes.run(name, 'sh', [at('deploy', 'compose', name)], { env: { ...process.env, PATH: tools, ...env } });
  try {
    const port = await timed('PostgreSQL ready', () => startPostgres(processes, postgresBin, services.postgresql));
    const place = { POSTGRES_SEEDS: HOST, DB_PORT: String(port) };
    await timed('schema', () => script('schema.sh', { ...services.schema.environment, ...place }));
    await timed('schema again, nothing to change', () =>
      script('schema.sh', { ...services.schema.environment, ...place }),
    );
    const grpcPort = await timed('Temporal ready', () =>
      startServer(processes, bin, { ...services.temporal.environment, ...place }),
    );
    const cluster = { TEMPORAL_ADDRESS: `${HOST}:${grpcPort}` };
    await timed('namespace', () => script('namespace.sh', { ...services.namespace.environment, ...cluster }));
    await timed('namespace again, nothing to change', () =>
      script('namespace.sh', { ...services.namespace.environment, ...cluster }),
    );
    await timed('Web UI ready', () => startUi(processes, bin, cluster.TEMPORAL_ADDRESS));
    const env = await timed('worker ready, search attributes registered', () =>
      startWorker(processes, { ...services.worker.environment, ...cluster }),
    );
    const run = [CLI, 'run', 'assistant', 'How much is 6 * 7?', '--json'];
    const answer = await timed('one agent run', () => processes.run('run', process.execPath, run, { cwd: root, env }));
    say(`  ${JSON.parse(answer).output}`);
    await timed('all stopped in order', () => processes.stop());
  } finally {
    await processes.stop();
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-topology-'));
try {
  await topology(folder);
  process.stdout.write('| step | s |\n|---|---|\n');
  for (const [what, seconds] of timings) process.stdout.write(`| ${what} | ${seconds.toFixed(1)} |\n`);
} catch (error) {
  if (error instanceof Missing) say(`Skipped: ${error.message}`);
  else {
    say(`Failed: ${error.message}`);
    process.exitCode = 1;
  }
} finally {
  if (process.argv.includes('--keep')) say(`Logs: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
