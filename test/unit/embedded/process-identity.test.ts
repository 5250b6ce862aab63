import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  identify,
  isAlive,
  ownIdentity,
  portableStartTime,
  signalProcess,
} from '../../../workers/embedded/process-identity';

const NOBODY = 4_000_000;

test('a process is itself and nobody else', () => {
  const own = ownIdentity();
  expect(own.pid).toBe(process.pid);
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, startedAt: `${own.startedAt}1` })).toBe(false);
  expect(identify(NOBODY)).toBeUndefined();
});

test('a child that ended is nobody, and is not signalled', async () => {
  const child = spawn('sleep', ['30']);
  const identity = identify(child.pid ?? 0);
  if (!identity) throw new Error('the child was not seen');
  expect(signalProcess(identity, 'SIGKILL')).toBe(true);
  await new Promise((resolve) => child.once('exit', resolve));
  await sleep(10);
  expect(isAlive(identity)).toBe(false);
  expect(signalProcess(identity, 'SIGKILL')).toBe(false);
});

test('ps tells the start of a living process, and nothing of another', () => {
  expect(portableStartTime(process.pid)).toMatch(/\d\d:\d\d:\d\d/);
  expect(portableStartTime(process.pid)).toBe(portableStartTime(process.pid));
  expect(portableStartTime(NOBODY)).toBeUndefined();
});

describe('where there is no /proc', () => {
  const platform = process.platform;
  beforeEach(() => Object.defineProperty(process, 'platform', { value: 'darwin' }));
  afterEach(() => Object.defineProperty(process, 'platform', { value: platform }));

  test('identities come from ps', () => {
    expect(ownIdentity().startedAt).toBe(portableStartTime(process.pid));
    expect(isAlive(ownIdentity())).toBe(true);
  });
});
