import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Settings } from '../../../workers/embedded/settings';
import { lockedOut, neverHealthy, silent } from '../../../workers/embedded/start-errors';

const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-start-errors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = {
  home: '/home/x',
  startTimeoutMs: 20_000,
  logFile: path.join(folder, 'temporal.log'),
  databaseFile: '/home/x/temporal.db',
  lockFile: '/home/x/server.lock',
} as Settings;

test.each<[string, boolean, unknown, { code: string; message: RegExp; hint: RegExp }]>([
  [
    'a full disk',
    true,
    undefined,
    { code: 'Storage.Full', message: /ended at once: no space left/, hint: /Free space/ },
  ],
  [
    'a damaged database',
    true,
    undefined,
    { code: 'Server.StartFailed', message: /ended at once/, hint: /Move \/home\/x\/temporal\.db/ },
  ],
  [
    'no answer',
    false,
    new Error('refused'),
    { code: 'Server.StartFailed', message: /within 20 s \(refused\)/, hint: /whole log/ },
  ],
  [
    'no answer',
    false,
    'odd',
    { code: 'Server.StartFailed', message: /\(odd\); its last words:\nhello/, hint: /whole log/ },
  ],
])('a server that does not start says why and what to do: %s', (what, died, problem, { code, message, hint }) => {
  const log =
    { 'a full disk': 'write: No space left on device', 'a damaged database': 'file is not a database' }[what] ??
    'hello';
  writeFileSync(settings.logFile, `${log}\n`);
  const error = neverHealthy(settings, died, problem);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
});

test('a process that holds the home is named', () => {
  expect(silent(settings, 7, '127.0.0.1:1', new Error('timeout'))).toMatchObject({
    message: 'Temporal runs in /home/x as process 7, but does not answer at 127.0.0.1:1 (timeout)',
    hint: 'End process 7 and try again.',
  });
  expect(lockedOut(settings)({ pid: 9, startedAt: 'x' })).toMatchObject({
    message: expect.stringContaining('process 9'),
  });
});
