import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { HoldfastClient } from '../../client';
import type { SessionResult } from '../../protocol/session';
import { HoldfastPlugin } from '../../workers/plugin';
import { parseAgentYaml } from '../../workers/project/agent-file';
import { type Recount, recount, rowsOf, sumOf, totalsOf } from '../fixtures/recount';
import { makeSurveyFolder } from '../fixtures/survey-folder';
import { expectTeamReport } from '../fixtures/team-report';

const address = process.env.HOLDFAST_TEST_ADDRESS ?? '';
const namespace = process.env.HOLDFAST_TEST_NAMESPACE ?? 'default';
const taskQueue = 'main-job';

let folder = '';
const homes: string[] = [];
let connection: Connection;
let native: NativeConnection;
let holdfast: HoldfastClient;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  folder = makeSurveyFolder();
  [connection, native] = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address })]);
  holdfast = new HoldfastClient(new Client({ connection, namespace }), { taskQueue });
});

afterAll(async () => {
  await Promise.all([connection.close(), native.close()]);
  for (const made of [folder, ...homes]) rmSync(made, { recursive: true, force: true });
});

function builtIn(name: string) {
  const file = path.join(__dirname, '..', '..', 'agents', `${name}.yaml`);
  return parseAgentYaml(readFileSync(file, 'utf8'), `agents/${name}.yaml`);
}

interface Surveyed {
  result: SessionResult;
  report: string;
}

async function survey(id: string, options: { rolloverTurns?: number } = {}): Promise<Surveyed> {
  const home = mkdtempSync(path.join(tmpdir(), 'holdfast-main-job-'));
  homes.push(home);
  const plugin = new HoldfastPlugin({ agents: [builtIn('reporter')], home, env: {} });
  const worker = await Worker.create({ connection: native, namespace, taskQueue, plugins: [plugin] });
  const result = await worker.runUntil(async () => {
    const mounts = [{ name: 'material', path: folder, access: 'read' as const }];
    const input = 'Survey the folder and write a report.';
    const run = await holdfast.start('reporter', { id, input, mounts, ...options });
    return run.result();
  });
  return { result, report: reportIn(home) };
}

/** The only report there is below the home: one run, one workspace. */
function reportIn(home: string): string {
  const found = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('report.md'));
  expect(found).toHaveLength(1);
  return readFileSync(path.join(home, found[0] ?? ''), 'utf8');
}

/** The figures of the fixture, counted from disk by code that shares nothing with Holdfast. */
function expectRightFigures({ result, report }: Surveyed): void {
  const byPath = (a: Recount, b: Recount): number => (a.path < b.path ? -1 : 1);
  const expected = recount(folder, 'material/').sort(byPath);
  expect(rowsOf(report).sort(byPath)).toEqual(expected);
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
}

test('the reporter reads a folder on a real server and writes right figures', async () => {
  const surveyed = await survey('main-job-survey');
  const { result } = surveyed;
  expect(result).toMatchObject({
    stopReason: 'completed',
    agent: 'reporter',
    model: 'simulated/rules',
    simulated: true,
  });
  expect(result.costUsd).toBe(0);
  expect(result.usage.inputTokens).toBeGreaterThan(1_000);
  expectRightFigures(surveyed);
});

test('it does so too when it continues as new every three turns', async () => {
  const surveyed = await survey('main-job-rollover', { rolloverTurns: 3 });
  expect(surveyed.result.stopReason).toBe('completed');
  expectRightFigures(surveyed);
});

test('a team does the same for two folders: a part of each, and one report with the figures of both', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'holdfast-main-job-'));
  homes.push(home);
  const agents = ['assistant', 'editor', 'reporter'].map(builtIn);
  const plugins = [new HoldfastPlugin({ agents, home, env: {} })];
  const worker = await Worker.create({ connection: native, namespace, taskQueue, plugins });
  const names = ['docs', 'big'];
  const { result, nodes } = await worker.runUntil(async () => {
    const mounts = names.map((name) => ({ name, path: path.join(folder, name), access: 'read' as const }));
    const goal = 'Survey the folders `docs` and `big`, each on its own, and put what is there together in one report.';
    const plan = await holdfast.plans.submit(goal, { id: 'main-job-team', mounts });
    return { result: await plan.result(), nodes: await plan.nodes() };
  });
  expect(nodes.map(({ id, agent, status, after, attempts }) => [id, agent, status, after, attempts])).toEqual([
    ['survey-docs', 'reporter', 'done', [], 1],
    ['survey-big', 'reporter', 'done', [], 1],
    ['report', 'editor', 'done', ['survey-docs', 'survey-big'], 1],
  ]);
  // Both had begun before either was done.
  const [docs, big] = nodes;
  expect(Math.max(docs?.startedAt ?? 0, big?.startedAt ?? 0)).toBeLessThan(
    Math.min(docs?.endedAt ?? 0, big?.endedAt ?? 0),
  );
  expectTeamReport(reportIn(home), folder, names);
  expect(result).toMatchObject({ status: 'completed', missing: [], costUsd: 0 });
  expect(result.output).toContain('report.md');
});

test('the folder that was surveyed is as it was', () => {
  expect(readdirSync(folder, { recursive: true, encoding: 'utf8' })).not.toContain('report.md');
});
