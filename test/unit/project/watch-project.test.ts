import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectState, watchProject } from '../../../workers/project/watch-project';

const EVERY_MS = 40;
let root: string;
let stop: () => void;
let told: string[][];

beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'holdfast-watch-'));
  write('agents/a.yaml', 'one');
  write('tools/lib/deep.ts', 'one');
  told = [];
  stop = watchProject(root, await projectState(root), async (files) => void told.push(files.sort()), EVERY_MS);
});

afterEach(() => {
  stop();
  rmSync(root, { recursive: true, force: true });
});

function write(file: string, text: string): void {
  const full = path.join(root, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
}

async function hears(count: number): Promise<string[][]> {
  for (const deadline = Date.now() + 10_000; told.length < count && Date.now() < deadline; ) await sleep(10);
  return told;
}

test('files that change, come and go are told together, once', async () => {
  write('agents/a.yaml', 'another');
  write('holdfast.yaml', 'version: 1');
  rmSync(path.join(root, 'tools/lib/deep.ts'));
  expect(await hears(1)).toEqual([['agents/a.yaml', 'holdfast.yaml', 'tools/lib/deep.ts']]);
  await sleep(5 * EVERY_MS);
  expect(told).toHaveLength(1);
});

test('a file that is still being written is left alone until it is whole', async () => {
  for (let part = 1; part <= 20; part++) {
    write('agents/a.yaml', 'x'.repeat(part * 10));
    await sleep(EVERY_MS / 4);
  }
  const early = told.length;
  expect(await hears(1)).toEqual([['agents/a.yaml']]);
  expect(early).toBe(0);
});

test('what is not part of a project is not looked at', async () => {
  write('README.md', 'x');
  write('tools/node_modules/x/index.js', 'x');
  write('holdfast.yaml.bak', 'x');
  await sleep(5 * EVERY_MS);
  expect(told).toEqual([]);
});

test('once stopped it tells nothing', async () => {
  stop();
  write('agents/a.yaml', 'another');
  await sleep(5 * EVERY_MS);
  expect(told).toEqual([]);
});
