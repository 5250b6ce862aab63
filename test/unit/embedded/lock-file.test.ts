import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../../workers/embedded/lock-file';
import { ownIdentity } from '../../../workers/embedded/process-identity';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const lockFile = () => path.join(folder(), 'a.lock');
const timedOut = ({ pid }: { pid: number }) => new Error(`held by ${pid}`);

/** Runs `count` works at once and tells how many were ever inside together. */
async function crowd(count: number): Promise<number> {
  let [inside, most] = [0, 0];
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await sleep(2);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: count }, () => withLock(lockFile(), 20_000, timedOut, work)));
  return most;
}

test('lets one in at a time and leaves nothing behind', async () => {
  expect(await crowd(10)).toBe(1);
  expect(readdirSync(folder())).toEqual([]);
});

test('gives the result, and lets go when the work fails', async () => {
  const fail = () => Promise.reject(new Error('work failed'));
  await expect(withLock(lockFile(), 0, timedOut, fail)).rejects.toThrow('work failed');
  await expect(withLock(lockFile(), 0, timedOut, async () => 7)).resolves.toBe(7);
});

test('gives up on a holder that lives on, naming it', async () => {
  writeFileSync(lockFile(), JSON.stringify({ ...ownIdentity(), nonce: 'alive' }));
  await expect(withLock(lockFile(), 60, timedOut, async () => 0)).rejects.toThrow(`held by ${process.pid}`);
});

test.each([
  ['of a dead process', JSON.stringify({ pid: 4_000_000, startedAt: 'long ago', nonce: 'dead' })],
  ['of a process whose id is used again', JSON.stringify({ ...ownIdentity(), startedAt: 'before', nonce: 'dead' })],
  ['that is half written', '{"pid": 1'],
  ['that is nothing', 'null'],
  ['without a nonce', JSON.stringify({ pid: 4_000_000, startedAt: 'long ago' })],
])('takes over a lock %s, still one at a time', async (_, content) => {
  writeFileSync(lockFile(), content);
  expect(await crowd(5)).toBe(1);
  expect(readdirSync(folder())).toEqual([]);
});

test('waits while another is taking the dead lock over', async () => {
  writeFileSync(lockFile(), JSON.stringify({ pid: 4_000_000, startedAt: 'long ago', nonce: 'dead' }));
  writeFileSync(`${lockFile()}.dead`, JSON.stringify({ ...ownIdentity(), nonce: 'taking over' }));
  await expect(withLock(lockFile(), 60, timedOut, async () => 0)).rejects.toThrow('held by 4000000');
});

test('says so when the folder is not there', async () => {
  const nowhere = path.join(folder(), 'none', 'a.lock');
  await expect(withLock(nowhere, 0, timedOut, async () => 0)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('says so when the lock cannot be read', async () => {
  await expect(withLock(folder(), 0, timedOut, async () => 0)).rejects.toMatchObject({ code: 'EISDIR' });
});
