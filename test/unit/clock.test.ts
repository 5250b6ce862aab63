import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { retryAfterOf } from '../../activities/providers/vendor-errors';
import { LiveReader } from '../../client/live-reader';
import { JOIN_TOPIC } from '../../protocol/stream';
import { MemoryStreamBus } from '../../streams/memory-stream-bus';
import { awaitHealthy } from '../../workers/embedded/await-healthy';
import { withLock } from '../../workers/embedded/lock-file';
import { freePort } from '../../workers/embedded/ports';
import { ownIdentity } from '../../workers/embedded/process-identity';
import { temporaryFolder } from './embedded/temporary-folder';

/** The clock of the machine is set back two hours while something waits. */

const folder = temporaryFolder();
const realNow = Date.now;
const setBack = (): void => {
  Date.now = () => realNow() - 2 * 60 * 60_000;
};
afterEach(() => {
  Date.now = realNow;
});

async function soon<T>(work: Promise<T>): Promise<T | 'late'> {
  return Promise.race([work, sleep(5_000, 'late' as const, { ref: false })]);
}

test('whoever waits for a lock gives up in time', async () => {
  const file = path.join(folder(), 'a.lock');
  writeFileSync(file, JSON.stringify({ ...ownIdentity(), nonce: 'alive' }));
  const waiting = withLock(
    file,
    200,
    () => new Error('given up'),
    async () => 'got it',
  ).catch((error) => error.message);
  setBack();
  expect(await soon(waiting)).toBe('given up');
});

test('whoever waits for a server gives up in time', async () => {
  const waiting = awaitHealthy(`127.0.0.1:${await freePort()}`, 'default', 200, () => false);
  setBack();
  expect(await soon(waiting)).toMatchObject({ message: expect.any(String) });
});

test('a follower of a silent stream asks again in seconds', async () => {
  const bus = new MemoryStreamBus();
  let joins = 0;
  await bus.subscribe(JOIN_TOPIC, () => {
    joins++;
  });
  const reader = new LiveReader(bus, 'run:1', () => undefined);
  await sleep(150);
  const before = joins;
  setBack();
  reader.join();
  await sleep(400);
  expect([before > 0, joins > before]).toEqual([true, true]);
  await reader.close();
});

test('a vendor’s date is read by the vendor’s clock', () => {
  const sent = realNow();
  const headers = new Headers({
    date: new Date(sent).toUTCString(),
    'retry-after': new Date(sent + 10_000).toUTCString(),
  });
  setBack();
  expect(retryAfterOf(headers)).toBeLessThanOrEqual(11_000);
});

test('no length of time is read off the clock: these mean the time of day, or an age of a file', () => {
  const allowed = [
    // Bounded there, whatever the clock does.
    'activities/model/call-streams.ts',
    'activities/model/first-deadline.ts',
    // Signatures carry the time of day.
    'activities/approvals/check-decision.ts',
    'activities/notifiers/webhook.ts',
    'client/approvals.ts',
    'activities/providers/vendor-errors.ts',
    'activities/stop-runs.ts',
    'activities/stores/file-artifact-store.ts',
    'activities/tools/clock.ts',
    'apps/cli/doctor/temporal.ts',
    'apps/cli/execute-run.ts',
    'apps/cli/follow-to-end.ts',
    'apps/cli/follow/run-view.ts',
    'apps/cli/show-run.ts',
    'apps/cli/stop-run.ts',
    'client/holdfast-client.ts',
    // How old what is known of an agent, or a result that is kept, has become in the world.
    'activities/plan/memory.ts',
    'activities/registry/standings.ts',
    'client/agents.ts',
    'streams/socket-folder.ts',
    'workers/rotating-file.ts',
  ];
  const root = path.resolve(__dirname, '..', '..');
  const rooms = ['activities', 'apps', 'client', 'streams', 'workers'];
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...rooms], {
    cwd: root,
    encoding: 'utf8',
  });
  const found = files
    .split('\n')
    .filter((file) => file.endsWith('.ts'))
    // A gRPC deadline is a moment by its nature, and becomes a timer at once.
    .filter((file) => /(?<!Deadline\()Date\.now\(\)/.test(readFileSync(path.join(root, file), 'utf8')));
  expect(found.filter((file) => !allowed.includes(file))).toEqual([]);
});
