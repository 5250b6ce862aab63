import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Context } from '../context';
import { bytes } from '../figures';
import { shownPath } from '../run-report';
import { type Check, fail, ok, warn } from './check';

const LEAST_NODE = [20, 19] as const;
const LOW_BYTES = 1e9;
const LEAST_BYTES = 1e8;

export function checkNode(version = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return enough
    ? ok('node', version)
    : fail('node', `${version}, and ${LEAST_NODE.join('.')} is the least`, 'nvm install 22   # or https://nodejs.org');
}

export function checkHome({ home }: Pick<Context, 'home'>): Check {
  const at = existing(home);
  if (!statSync(at).isDirectory()) {
    return fail('home', `${shownPath(at)} is not a folder`, 'export HOLDFAST_HOME=…   # a folder you may write to');
  }
  try {
    accessSync(at, constants.W_OK);
    return ok('home', `${shownPath(home)}${at === home ? '' : ' (is made when needed)'}`);
  } catch {
    return fail(
      'home',
      `${shownPath(home)} cannot be written`,
      `chmod u+w ${shownPath(at)}   # or set HOLDFAST_HOME to another folder`,
    );
  }
}

export function checkDisk({ home }: Pick<Context, 'home'>, free = freeBytes(existing(home))): Check {
  const found = `${bytes(free)} free at ${shownPath(home)}`;
  const fix = `rm -r ${shownPath(path.join(home, 'runs'))}   # workspaces of runs that are over`;
  if (free < LEAST_BYTES) return fail('disk', found, fix);
  return free < LOW_BYTES ? warn('disk', found, fix) : ok('disk', found);
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** The folder, or the nearest one above it that exists. */
function existing(folder: string): string {
  return existsSync(folder) || path.dirname(folder) === folder ? folder : existing(path.dirname(folder));
}
