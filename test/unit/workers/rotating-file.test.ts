import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createLogging } from '../../../workers/logging';
import { RotatingFile } from '../../../workers/rotating-file';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-rotating-'));
  file = path.join(folder, 'logs', 'worker.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function line(n: number): string {
  return `line ${String(n).padStart(4, '0')}\n`;
}

function putAway(): string[] {
  return readdirSync(path.dirname(file))
    .filter((name) => name !== 'worker.log')
    .sort();
}

test('no line is lost or torn when it is put away; the oldest go', async () => {
  const log = new RotatingFile(file, { maxBytes: 100, keep: 3 });
  for (let n = 0; n < 100; n++) log.write(line(n));
  await log.close();
  const names = putAway();
  expect(names).toHaveLength(3);
  expect(names.every((name) => name.endsWith('.gz'))).toBe(true);
  const kept = names.map((name) => gunzipSync(readFileSync(path.join(folder, 'logs', name))).toString());
  const all = kept.join('') + readFileSync(file, 'utf8');
  const first = Number(all.slice(5, 9));
  expect(all).toBe(Array.from({ length: 100 - first }, (_, at) => line(first + at)).join(''));
  for (const text of kept) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(100);
});

test('goes on with what is there, and compresses what a killed process left', async () => {
  const before = new RotatingFile(file, { maxBytes: 1_000 });
  before.write(line(1));
  await before.close();
  writeFileSync(`${file}.2026-11-21T10-00-00-000Z-0`, 'left');
  writeFileSync(`${file}.mine`, 'not ours');
  const log = new RotatingFile(file, { maxBytes: 1_000 });
  log.write(line(2));
  await log.close();
  expect(readFileSync(file, 'utf8')).toBe(line(1) + line(2));
  expect(putAway()).toEqual(['worker.log.2026-11-21T10-00-00-000Z-0.gz', 'worker.log.mine']);
});

test('a line larger than the file may be is written all the same', async () => {
  const log = new RotatingFile(file, { maxBytes: 10, keep: 0 });
  log.write(`${'x'.repeat(50)}\n`);
  log.write('y\n');
  await log.close();
  expect(readFileSync(file, 'utf8')).toBe('y\n');
  expect(putAway()).toEqual([]);
});

test('a place that cannot be written is refused', () => {
  writeFileSync(path.join(folder, 'logs'), '');
  expect(() => new RotatingFile(file)).toThrow(expect.objectContaining({ code: 'Config.Invalid' }));
});

test('the log goes there as JSON, whatever people see', async () => {
  const log = new RotatingFile(file);
  const shown: string[] = [];
  const { logger } = createLogging({ file: log, format: ({ msg }) => msg, write: (text) => shown.push(text), env: {} });
  logger.info({ agent: 'a' }, 'hello');
  await log.close();
  expect(shown).toEqual(['hello\n']);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ level: 'info', msg: 'hello', agent: 'a' });
  expect(existsSync(file)).toBe(true);
});
