import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnGuarded } from '../../../workers/embedded/guard';
import { identify } from '../../../workers/embedded/process-identity';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const log = () => path.join(folder(), 'out.log');

test('both outputs go to the log and the exit code comes through', async () => {
  const child = await spawnGuarded('sh', ['-c', 'echo out; echo err >&2; exit 7'], log());
  await expect(child.exited).resolves.toBe(7);
  expect(readFileSync(log(), 'utf8').split('\n').sort().join(' ').trim()).toBe('err out');
});

test('the reported pid is the program, and a signal to it shows in its code', async () => {
  const child = await spawnGuarded('sleep', ['30'], log());
  await sleep(50);
  expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')).toContain('sleep');
  process.kill(child.pid, 'SIGTERM');
  await expect(child.exited).resolves.toBe(128 + 15);
});

test('letting go kills a program that ignores requests to stop', async () => {
  const child = await spawnGuarded('sh', ['-c', 'trap "" TERM; while :; do sleep 0.1; done'], log());
  child.release();
  await expect(child.exited).resolves.toBe(128 + 9);
  expect(identify(child.pid)).toBeUndefined();
});

test('arguments reach the program as they are', async () => {
  const tricky = ['a b', '$HOME', "it's", '"', '', '`x`'];
  const child = await spawnGuarded(
    process.execPath,
    ['-p', 'JSON.stringify(process.argv.slice(1))', '--', ...tricky],
    log(),
  );
  await child.exited;
  expect(JSON.parse(readFileSync(log(), 'utf8'))).toEqual(tricky);
});

test("the user's choice of a cluster does not reach the program", async () => {
  process.env.TEMPORAL_ADDRESS = 'cloud:7233';
  const child = await spawnGuarded('env', [], log());
  delete process.env.TEMPORAL_ADDRESS;
  await child.exited;
  const environment = readFileSync(log(), 'utf8');
  expect(environment).toContain('PATH=');
  expect(environment).not.toContain('TEMPORAL_ADDRESS');
});

test('a program that is not there ends at once with the code of a shell', async () => {
  const child = await spawnGuarded(path.join(folder(), 'none'), [], log());
  await expect(child.exited).resolves.toBe(127);
  expect(readFileSync(log(), 'utf8')).toContain('none');
});

test('a log that cannot be written is refused', async () => {
  await expect(spawnGuarded('true', [], path.join(folder(), 'none', 'out.log'))).rejects.toThrow(
    'is the log writable?',
  );
});

test('a guard that is killed shows as such', async () => {
  const child = await spawnGuarded('sleep', ['30'], log());
  const guard = Number(readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  process.kill(guard, 'SIGKILL');
  await expect(child.exited).resolves.toBe(137);
  child.release();
});
