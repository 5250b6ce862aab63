import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkspace, type Workspace } from '../../../activities/tools/workspace';

/**
 * A process that has nothing else to do swaps a folder of the workspace for a link to outside and back, and a file for a
 * link to a file outside, while the guard reads, lists, writes and deletes through them.
 */
const RACER = `
const fs = require('node:fs');
const [root, outside] = process.argv.slice(1);
process.chdir(root);
fs.symlinkSync(outside, 'link');
fs.symlinkSync(outside + '/secret.txt', 'file-link');
process.stdout.write('ready');
for (;;) {
  try {
    fs.renameSync('way', 'parked');
    fs.renameSync('link', 'way');
    fs.renameSync('way', 'link');
    fs.renameSync('parked', 'way');
    fs.renameSync('file.txt', 'parked-file');
    fs.renameSync('file-link', 'file.txt');
    fs.renameSync('file.txt', 'file-link');
    fs.renameSync('parked-file', 'file.txt');
  } catch (error) {
    // The guard made or removed a name in between: put things back.
    if (!fs.existsSync('link')) try { fs.symlinkSync(outside, 'link'); } catch {}
    if (!fs.existsSync('file-link')) try { fs.symlinkSync(outside + '/secret.txt', 'file-link'); } catch {}
    try { fs.rmSync('way', { recursive: true, force: true }); } catch {}
    try { fs.rmSync('parked', { recursive: true, force: true }); } catch {}
    try { fs.mkdirSync('way'); fs.writeFileSync('way/secret.txt', 'inside'); } catch {}
    try { fs.writeFileSync('file.txt', 'inside', { flag: 'wx' }); } catch {}
  }
}
`;

const SECRET = 'OUTSIDE-SECRET';
/** Of each test; more for a soak. */
const SECONDS = Number(process.env.HOLDFAST_RACE_SECONDS ?? 6);
jest.setTimeout((SECONDS + 54) * 1_000);
const onLinux = process.platform === 'linux' ? test : test.skip;

let folder: string;
let outside: string;
let racer: ChildProcess;
let workspace: Workspace;
beforeEach(async () => {
  // In memory where that can be had: a write then costs no trip to the disk, and thousands fit into a few seconds.
  const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  folder = await realpath(await mkdtemp(join(place, 'holdfast-race-')));
  outside = join(folder, 'outside');
  const root = join(folder, 'root');
  for (const path of [outside, join(root, 'way')]) await mkdir(path, { recursive: true });
  await writeFile(join(outside, 'secret.txt'), SECRET);
  await writeFile(join(root, 'way/secret.txt'), 'inside');
  await writeFile(join(root, 'file.txt'), 'inside');
  workspace = openWorkspace({ root, journal: join(folder, 'journal') });
  racer = spawn(process.execPath, ['-e', RACER, root, outside], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => racer.stdout?.once('data', resolve));
});
afterEach(async () => {
  const ended = new Promise((resolve) => racer.once('exit', resolve));
  racer.kill('SIGKILL');
  await ended;
  await rm(folder, { recursive: true, force: true });
});

/** Repeats for some seconds; how often it worked, was refused, and gave the secret away. */
async function hammer(attempt: (count: number) => Promise<string>) {
  const seen = { inside: 0, refused: 0, escaped: 0 };
  const until = Date.now() + SECONDS * 1_000;
  for (let count = 0; Date.now() < until; count++) {
    const lanes = Array.from({ length: 4 }, (_, lane) => attempt(count * 4 + lane));
    for (const result of await Promise.allSettled(lanes)) {
      if (result.status === 'rejected') seen.refused++;
      else if (result.value.includes(SECRET)) seen.escaped++;
      else seen.inside++;
    }
  }
  return seen;
}

onLinux('the racer is a real one: plain reads after a check do get out', async () => {
  const root = workspace.root;
  const seen = await hammer(async () => {
    const path = join(root, 'way/secret.txt');
    if (!(await realpath(path)).startsWith(root)) throw new Error('outside');
    return readFile(path, 'utf8');
  });
  expect(seen.escaped).toBeGreaterThan(0);
});

onLinux('reads and lists never get out', async () => {
  const seen = await hammer(async (count) => {
    if (count % 3 === 0) return (await workspace.read('file.txt')).bytes.toString();
    if (count % 3 === 1) return (await workspace.read('way/secret.txt')).bytes.toString();
    await workspace.list('way');
    return (await workspace.read('way/../way/secret.txt')).bytes.toString();
  });
  expect(seen.escaped).toBe(0);
  expect(seen.inside).toBeGreaterThan(20);
  expect(seen.refused).toBeGreaterThan(20);
});

onLinux('writes and deletions never get out', async () => {
  const before = await stat(join(outside, 'secret.txt'), { bigint: true });
  const change = async () => ({ content: Buffer.from('inside'), answer: '' });
  const seen = await hammer(async (count) => {
    const key = `k${count}`;
    if (count % 4 === 0) await workspace.changeOnce({ key, path: 'file.txt', request: 'r', change });
    else if (count % 4 === 1) await workspace.changeOnce({ key, path: 'way/secret.txt', request: 'r', change });
    else if (count % 4 === 2) await workspace.changeOnce({ key, path: `way/sub/${count}.txt`, request: 'r', change });
    else await workspace.removeOnce({ key, path: 'way/secret.txt' });
    return '';
  });
  expect(await readdir(outside)).toEqual(['secret.txt']);
  expect(await readFile(join(outside, 'secret.txt'), 'utf8')).toBe(SECRET);
  const after = await stat(join(outside, 'secret.txt'), { bigint: true });
  expect([after.ino, after.mtimeNs, after.ctimeNs]).toEqual([before.ino, before.mtimeNs, before.ctimeNs]);
  expect(seen.inside).toBeGreaterThan(20);
  expect(seen.refused).toBeGreaterThan(20);
});
