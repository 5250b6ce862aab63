import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from '../../workers/keep-running';
import { type Startable, type SupervisorOptions, supervise } from '../../workers/supervisor';

const events: string[] = [];
beforeEach(() => {
  events.length = 0;
});

/** A service that runs until stopped, which takes `stopMs`; `crash` makes it fail. */
function service(name: string, stopMs = 0): Startable & { crash(reason: Error): void } {
  let fail: (reason: Error) => void = () => undefined;
  const start = async (): Promise<Running> => {
    events.push(`start ${name}`);
    let end: () => void = () => undefined;
    const done = new Promise<void>((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
    const stop = async () => {
      events.push(`stop ${name}`);
      await sleep(stopMs, undefined, { ref: false });
      end();
    };
    return { done, stop };
  };
  return { name, start, crash: (reason) => fail(reason) };
}

/** Against a cluster: there is no server to own. */
const withServices = (services: Startable[], more: Partial<SupervisorOptions> = {}) =>
  supervise({ services, signals: [], restart: { backoffMs: 1 }, ...more });

test('services start in their order and stop in the opposite one', async () => {
  const supervisor = await withServices([service('worker'), service('web')]);
  expect(supervisor.server()).toBeUndefined();
  await expect(supervisor.stop()).resolves.toBe('stopped');
  await expect(supervisor.done).resolves.toBe('stopped');
  expect(events).toEqual(['start worker', 'start web', 'stop web', 'stop worker']);
});

test('a service that fails to start stops the ones before it', async () => {
  const broken: Startable = { name: 'broken', start: () => Promise.reject(new Error('no key')) };
  await expect(withServices([service('worker'), broken, service('never')])).rejects.toThrow('no key');
  expect(events).toEqual(['start worker', 'stop worker']);
});

test('a service that fails is started again', async () => {
  const worker = service('worker');
  const supervisor = await withServices([worker]);
  worker.crash(new Error('connection lost'));
  await sleep(30);
  expect(events).toEqual(['start worker', 'start worker']);
  await supervisor.stop();
});

test('a service that was given up ends everything with its reason', async () => {
  const worker = service('worker');
  const supervisor = await withServices([service('web'), worker], { restart: { giveUpMs: -1 } });
  worker.crash(new Error('bad workflow'));
  await expect(supervisor.done).rejects.toThrow('bad workflow');
  expect(events).toContain('stop web');
});

test('a service is left behind when its grace is over', async () => {
  const supervisor = await withServices([service('quick'), service('slow', 60_000)], { graceMs: 20 });
  await expect(supervisor.stop()).resolves.toBe('forced');
  expect(events).toEqual(['start quick', 'start slow', 'stop slow', 'stop quick']);
});

test('a second stop does not wait for the grace', async () => {
  const supervisor = await withServices([service('slow', 60_000)]);
  void supervisor.stop();
  await expect(supervisor.stop()).resolves.toBe('forced');
});

test('a signal stops, a second one forces, and no listener stays', async () => {
  const before = process.listenerCount('SIGUSR2');
  const supervisor = await withServices([service('slow', 60_000)], { signals: ['SIGUSR2'] });
  process.emit('SIGUSR2');
  await sleep(10);
  expect(events).toContain('stop slow');
  process.emit('SIGUSR2');
  await expect(supervisor.done).resolves.toBe('forced');
  expect(process.listenerCount('SIGUSR2')).toBe(before);
});

test('by default it listens for the signals that end a process, and lets go of them', async () => {
  const count = () => ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => process.listenerCount(signal));
  const before = count();
  const supervisor = await supervise({ services: [] });
  expect(count()).toEqual(before.map((listeners) => listeners + 1));
  await supervisor.stop();
  expect(count()).toEqual(before);
});
