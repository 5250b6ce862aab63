import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createContext } from '../../../apps/cli/context';
import { checkUpText } from '../../../apps/cli/doctor/check-up';
import { checkDisk, checkHome, checkNode } from '../../../apps/cli/doctor/machine';
import { checkAgents, checkKeys } from '../../../apps/cli/doctor/project';
import { checkCli } from '../../../apps/cli/doctor/temporal';
import { styleFor } from '../../../apps/cli/style';
import { loadConfig } from '../../../workers/config/load-config';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['20.19.0', 'ok'],
  ['20.18.9', 'fail'],
  ['18.20.0', 'fail'],
  ['24.1.0', 'ok'],
])('Node %s is %s', (version, status) => {
  expect(checkNode(version).status).toBe(status);
});

test('a home that is there, or can be made, is well', () => {
  expect(checkHome({ home: folder })).toMatchObject({ status: 'ok' });
  expect(checkHome({ home: path.join(folder, 'a', 'b') })).toMatchObject({
    status: 'ok',
    found: expect.stringContaining('made when needed'),
  });
});

test('one that is no folder, or cannot be written, is not', () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  for (const home of [file, path.join(file, 'below')]) {
    expect(checkHome({ home })).toMatchObject({ status: 'fail', fix: expect.stringContaining('HOLDFAST_HOME') });
  }
  // The superuser may write everywhere.
  if (process.getuid?.() === 0) return;
  chmodSync(folder, 0o500);
  expect(checkHome({ home: folder })).toMatchObject({ status: 'fail', fix: expect.stringContaining('chmod') });
  chmodSync(folder, 0o700);
});

test('a disk is judged by what is free', () => {
  expect(checkDisk({ home: folder }).found).toMatch(/free/);
  expect([5e7, 5e8, 5e9].map((free) => checkDisk({ home: folder }, free).status)).toEqual(['fail', 'warn', 'ok']);
});

test('keys are told by name, never shown', () => {
  const env = { OPENAI_API_KEY: 'sk-canary' };
  const check = checkKeys({ env, config: loadConfig({ env }) });
  expect(check).toMatchObject({ status: 'ok', found: expect.stringContaining('openai (OPENAI_API_KEY)') });
  expect(JSON.stringify(check)).not.toContain('canary');
  expect(checkKeys({ env: {}, config: loadConfig({ env: {} }) })).toMatchObject({
    status: 'warn',
    fix: expect.stringContaining('export OPENAI_API_KEY=…'),
  });
});

test('a project with a broken agent fails, with the command that tells more', async () => {
  const context = createContext({ project: folder }, {});
  await expect(checkAgents(context)).resolves.toMatchObject({
    status: 'ok',
    found: expect.stringContaining('reporter'),
  });
  mkdirSync(path.join(folder, 'agents'));
  writeFileSync(path.join(folder, 'agents', 'bad.yaml'), 'instructions: x\ntols: []\nlimits: { turns: no }');
  await expect(checkAgents(context)).resolves.toMatchObject({
    status: 'fail',
    found: expect.stringMatching(/^agents\/bad\.yaml:\d+: .* \(and 1 more\)$/),
    fix: `holdfast agent validate --project ${folder}`,
  });
});

test('without a Temporal CLI one is told how to get it, or that it is not needed', async () => {
  const nothing = { PATH: folder, HOME: folder, HOLDFAST_CACHE: folder };
  await expect(checkCli(createContext({}, nothing))).resolves.toMatchObject({
    status: 'warn',
    fix: expect.stringContaining('HOLDFAST_TEMPORAL_CLI'),
  });
  await expect(checkCli(createContext({ address: 'x:1' }, nothing))).resolves.toMatchObject({
    status: 'warn',
    found: expect.stringContaining('not needed'),
  });
});

test('each line says how it stands, and how it is mended', () => {
  const text = checkUpText(
    [
      { name: 'node', status: 'ok', found: '24\u001b' },
      { name: 'worker', status: 'warn', found: 'none', fix: 'holdfast dev' },
      { name: 'home', status: 'fail', found: 'no', fix: 'chmod' },
    ],
    styleFor({ isTTY: false }),
  );
  expect(text.split('\n')).toEqual([
    'ok    node         24\\x1b',
    'warn  worker       none',
    '                   fix holdfast dev',
    'fail  home         no',
    '                   fix chmod',
  ]);
});
