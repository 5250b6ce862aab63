import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readState, removeState, writeState } from '../../../workers/embedded/state-file';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const file = () => path.join(folder(), 'server.json');
const state = { server: { pid: 7, startedAt: 'then' }, port: 1, uiPort: 2 };

test('what was written is read', () => {
  expect(readState(file())).toBeUndefined();
  writeState(file(), state);
  expect(readState(file())).toEqual(state);
});

test.each(['', '{', '{}', '{"server": {"pid": 7}, "port": 1}', 'null'])('%j is no state', (content) => {
  writeFileSync(file(), content);
  expect(readState(file())).toBeUndefined();
});

test('only its own server removes it', () => {
  writeState(file(), state);
  removeState(file(), { pid: 7, startedAt: 'later' });
  removeState(file(), { pid: 8, startedAt: 'then' });
  expect(existsSync(file())).toBe(true);
  removeState(file(), state.server);
  expect(existsSync(file())).toBe(false);
});

test('a state that cannot be read is an error, not an absence', () => {
  expect(() => readState(folder())).toThrow('EISDIR');
});
