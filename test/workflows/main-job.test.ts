import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { HoldfastClient } from '../../client';
import type { SessionResult } from '../../protocol/session';
import { HoldfastPlugin } from '../../workers/plugin';
import { parseAgentYaml } from '../../workers/project/agent-file';
import { recount, rowsOf, sumOf, totalsOf } from '../fixtures/recount';
import { makeSurveyFolder } from '../fixtures/survey-folder';

const address = process.env.HOLDFAST_TEST_ADDRESS ?? '';
const namespace = process.env.HOLDFAST_TEST_NAMESPACE ?? 'default';
const taskQueue = 'main-job';

let folder = '';
let home = '';
let connection: Connection;
let native: NativeConnection;
let holdfast: HoldfastClient;

beforeAll(async () => {
  folder = makeSurveyFolder();
  home = mkdtempSync(path.join(tmpdir(), 'holdfast-main-job-'));
  [connection, native] = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address })]);
  holdfast = new HoldfastClient(new Client({ connection, namespace }), { taskQueue });
});

afterAll(async () => {
  await Promise.all([connection.close(), native.close()]);
  for (const made of [folder, home]) rmSync(made, { recursive: true, force: true });
});

function reporter() {
  const file = path.join(__dirname, '..', '..', 'agents', 'reporter.yaml');
  return parseAgentYaml(readFileSync(file, 'utf8'), 'agents/reporter.yaml');
}

async function survey(id: string): Promise<SessionResult> {
  const plugin = new HoldfastPlugin({ agents: [reporter()], home, env: {} });
  const worker = await Worker.create({ connection: native, namespace, taskQueue, plugins: [plugin] });
  return worker.runUntil(async () => {
    const mounts = [{ name: 'material', path: folder, access: 'read' as const }];
    const run = await holdfast.start('reporter', { id, input: 'Survey the folder and write a report.', mounts });
    return run.result();
  });
}

/** The only report there is below the home: one run, one workspace. */
function writtenReport(): string {
  const found = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('report.md'));
  expect(found).toHaveLength(1);
  return readFileSync(path.join(home, found[0] ?? ''), 'utf8');
}

test('the reporter reads a folder on a real server and writes right figures', async () => {
  const result = await survey('main-job-survey');
  expect(result).toMatchObject({
    stopReason: 'completed',
    agent: 'reporter',
    model: 'simulated/rules',
    simulated: true,
    costUsd: 0,
  });
  expect(result.usage.inputTokens).toBeGreaterThan(1_000);

  const expected = recount(folder, 'material/');
  const report = writtenReport();
  const rows = rowsOf(report).sort((a, b) => (a.path < b.path ? -1 : 1));
  expect(rows).toEqual(expected.sort((a, b) => (a.path < b.path ? -1 : 1)));
  expect(totalsOf(report)).toMatchObject({
    Files: String(expected.length),
    Bytes: String(sumOf(expected, 'bytes')),
    Lines: String(sumOf(expected, 'lines')),
    Words: String(sumOf(expected, 'words')),
    Headings: String(sumOf(expected, 'headings')),
    'Code blocks': String(sumOf(expected, 'codeBlocks')),
    'Marks (TODO and the like)': String(sumOf(expected, 'marks')),
    Links: String(sumOf(expected, 'links')),
  });
  expect(report).toContain('The calculator finds the same sums');
  expect(result.output).toContain(`${expected.length} files, ${sumOf(expected, 'bytes')} bytes`);
  expect(result.output).toContain('report.md');
});

test('the folder that was surveyed is as it was', () => {
  expect(readdirSync(folder, { recursive: true }).includes('report.md')).toBe(false);
});
