import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createContext } from '../../../apps/cli/context';
import { clusterOf, homeServer, placeOf, webUrl } from '../../../apps/cli/place';
import { filesIn } from '../../../apps/cli/workspace-files';
import { ownIdentity } from '../../../workers/embedded/process-identity';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-places-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('files of a workspace, the latest first', () => {
  mkdirSync(path.join(folder, 'deep'));
  for (const [at, name] of ['old.txt', 'deep/new.txt'].entries()) {
    writeFileSync(path.join(folder, name), 'x'.repeat(at + 1));
    utimesSync(path.join(folder, name), 1_000 + at, 1_000 + at);
  }
  expect(filesIn(folder)).toEqual([
    { name: 'deep/new.txt', bytes: 2 },
    { name: 'old.txt', bytes: 1 },
  ]);
  expect(filesIn(path.join(folder, 'nothing'))).toEqual([]);
});

test('a named cluster comes before the server of the home', () => {
  const state = { server: ownIdentity(), port: 4_000, uiPort: 4_001 };
  writeFileSync(path.join(folder, 'server.json'), JSON.stringify(state));
  const context = createContext({ home: folder }, {});
  expect(placeOf(context)).toEqual({
    kind: 'home',
    address: '127.0.0.1:4000',
    namespace: 'default',
    taskQueue: 'holdfast',
    uiUrl: 'http://127.0.0.1:4001',
  });
  expect(placeOf(createContext({ home: folder, address: 'host:7233', namespace: 'n' }, {}))).toMatchObject({
    kind: 'cluster',
    address: 'host:7233',
    namespace: 'n',
  });
});

test('a server that died is none', () => {
  const dead = { pid: 2 ** 22 + 1, startedAt: 'long ago' };
  writeFileSync(path.join(folder, 'server.json'), JSON.stringify({ server: dead, port: 1, uiPort: 2 }));
  expect(homeServer(createContext({ home: folder }, {}))).toBeUndefined();
  expect(placeOf(createContext({ home: path.join(folder, 'none') }, {}))).toBeUndefined();
});

test('the page of a run', () => {
  const place = { uiUrl: 'http://ui', namespace: 'my team' };
  expect(webUrl(place, 'a/b', 'uuid')).toBe('http://ui/namespaces/my%20team/workflows/a%2Fb/uuid/history');
  expect(webUrl(place, 'a')).toBe('http://ui/namespaces/my%20team/workflows/a');
  expect(webUrl({ namespace: 'x' }, 'a')).toBeUndefined();
});

test.each([
  ['ns.acct.tmprl.cloud:7233', {}, 'https://cloud.temporal.io'],
  ['host:7233', {}, undefined],
  ['host:7233', { HOLDFAST_TEMPORAL_UI_URL: 'https://ui.example' }, 'https://ui.example'],
])('the Web UI of %s', (address, env, uiUrl) => {
  expect(clusterOf(createContext({ address }, env))?.uiUrl).toBe(uiUrl);
});
