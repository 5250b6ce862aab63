import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AgentFiles } from '../../../workers/agent-files';
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

test('one that is old is put away before the next line, also when another process began it', async () => {
  const now = jest.spyOn(Date, 'now');
  const log = new RotatingFile(file, { maxAgeMs: 60_000 });
  log.write(line(1));
  now.mockReturnValue(Date.now() + 59_000);
  log.write(line(2));
  now.mockReturnValue(Date.now() + 2_000);
  log.write(line(3));
  await log.close();
  expect(readFileSync(file, 'utf8')).toBe(line(3));
  const [name = ''] = putAway();
  expect(gunzipSync(readFileSync(path.join(folder, 'logs', name))).toString()).toBe(line(1) + line(2));
  now.mockReturnValue(Date.now() + 61_000);
  const next = new RotatingFile(file, { maxAgeMs: 60_000 });
  next.write(line(4));
  await next.close();
  now.mockRestore();
  expect(readFileSync(file, 'utf8')).toBe(line(4));
  expect(putAway()).toHaveLength(2);
});

describe('a file for each agent', () => {
  const at = (agent: string) => path.join(folder, 'logs', `${agent}.log`);

  test('has the lines of its calls and no others, put away by the same rules', async () => {
    const files = new AgentFiles(path.join(folder, 'logs'), { maxBytes: 150, keep: 9 });
    const { temporal } = createLogging({ file: files, write: () => undefined, levels: 'error,agent:writer=info' });
    const told = (agent: string, n: number) => temporal.info(`did ${n}`, { sdkComponent: 'activity', agent });
    for (let n = 0; n < 4; n++) {
      told('writer', n);
      told('reader', n);
    }
    temporal.error('of nobody', { sdkComponent: 'worker' });
    temporal.error('of a bad one', { sdkComponent: 'activity', agent: '../escape' });
    temporal.error('it failed', { sdkComponent: 'activity', agent: 'reader' });
    await files.close();
    expect(existsSync(path.join(folder, 'escape.log'))).toBe(false);
    expect(JSON.parse(readFileSync(at('reader'), 'utf8'))).toMatchObject({ msg: 'it failed', agent: 'reader' });
    const away = readdirSync(path.join(folder, 'logs'))
      .filter((name) => name.startsWith('writer.log.'))
      .sort();
    expect(away.length).toBeGreaterThan(1);
    const parts = away.map((name) => gunzipSync(readFileSync(path.join(folder, 'logs', name))).toString());
    const lines = (parts.join('') + readFileSync(at('writer'), 'utf8')).trim().split('\n');
    expect(lines.map((text) => JSON.parse(text).msg)).toEqual(['did 0', 'did 1', 'did 2', 'did 3']);
  });

  test('more agents than files may be open at once lose nothing', async () => {
    const files = new AgentFiles(path.join(folder, 'logs'));
    for (const round of [1, 2]) {
      for (let n = 0; n < 120; n++) files.write(`{"agent":"a${n}","round":${round}}\n`);
    }
    await files.close();
    for (const n of [0, 60, 119]) expect(readFileSync(at(`a${n}`), 'utf8').split('\n')).toHaveLength(3);
  });

  test('a folder that cannot be written is refused', () => {
    writeFileSync(path.join(folder, 'logs'), '');
    expect(() => new AgentFiles(path.join(folder, 'logs'))).toThrow(
      expect.objectContaining({ code: 'Config.Invalid', hint: expect.stringContaining('log.agents') }),
    );
  });
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
