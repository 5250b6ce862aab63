/** The programs of the topology: PostgreSQL as the machine has it, Temporal's built once with Go into our cache. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Says why the topology cannot be run on this machine. */
export class Missing extends Error {}

const DEBIAN = '/usr/lib/postgresql';

/** The folder that holds `initdb` and `postgres`. */
export function postgresFolder() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    ...versions.map((version) => path.join(DEBIAN, version, 'bin')),
  ];
  const found = folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(path.join(folder, name))));
  if (!found) throw new Missing('PostgreSQL is not installed (neither on the PATH nor under /usr/lib/postgresql)');
  return found;
}

/** What to install, under which name it is called. */
function packagesOf({ server, ui }) {
  return {
    'temporal-server': `go.temporal.io/server/cmd/server@v${server}`,
    'temporal-sql-tool': `go.temporal.io/server/cmd/tools/sql@v${server}`,
    'temporal-ui': `github.com/temporalio/ui-server/v2/cmd/server@v${ui}`,
  };
}

/**
 * The folder that holds `temporal-server`, `temporal-sql-tool` and `temporal-ui` of these versions; builds what it lacks, which
 * takes some minutes the first time.
 */
export function temporalFolder(versions, say) {
  const cache =
    process.env.HOLDFAST_CACHE ?? path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'holdfast');
  const folder = path.join(cache, `topology-${versions.server}-${versions.ui}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, source] of Object.entries(packagesOf(versions))) {
    if (!existsSync(path.join(folder, name))) install(source, path.join(folder, name), say);
  }
  return folder;
}

function install(source, target, say) {
  say(`building ${source} (once)…`);
  const aside = mkdtempSync(path.join(path.dirname(target), 'build-'));
  const env = { ...process.env, GOBIN: aside, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' };
  try {
    const { error, status } = spawnSync('go', ['install', source], { env, stdio: ['ignore', 2, 2] });
    if (error) throw new Missing(`Go is needed to build ${source}: ${error.message}`);
    if (status !== 0) throw new Error(`go install ${source} failed`);
    renameSync(path.join(aside, readdirSync(aside)[0]), target);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
