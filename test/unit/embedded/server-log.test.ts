import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rotateLog, tailOfLog } from '../../../workers/embedded/server-log';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const file = () => path.join(folder(), 'temporal.log');

test('the tail is the last lines, whatever the size', () => {
  writeFileSync(file(), `${Array.from({ length: 5_000 }, (_, line) => `line ${line}`).join('\n')}\n`);
  expect(tailOfLog(file(), 2)).toBe('line 4998\nline 4999');
  writeFileSync(file(), 'only');
  expect(tailOfLog(file())).toBe('only');
  expect(tailOfLog(path.join(folder(), 'none'))).toBe('');
});

test('only a log that has grown is moved, over the one before', () => {
  rotateLog(file());
  writeFileSync(file(), 'small');
  rotateLog(file());
  expect(readFileSync(file(), 'utf8')).toBe('small');
  writeFileSync(`${file()}.1`, 'older');
  writeFileSync(file(), 'y'.repeat(5_000_001));
  rotateLog(file());
  expect(existsSync(file())).toBe(false);
  expect(new Set(readFileSync(`${file()}.1`))).toEqual(new Set(Buffer.from('y')));
});
