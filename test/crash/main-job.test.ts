import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { HoldfastClient } from '../../client';
import { type EmbeddedServer, startEmbeddedServer } from '../../workers/embedded/embedded-server';
import { CliProcess, cleanEnv } from '../e2e/cli-harness';
import { makeSurveyFolder } from '../fixtures/survey-folder';
import { expectTeamReport } from '../fixtures/team-report';
import { survivors, watch } from './support/processes';
import { say } from './support/report';

/**
 * G1 for the main job, as it is used: `start` follows a team whose worker is killed while it plans, while the folders are surveyed and while
 * the report is put together. What is done is not done again, and the figures are those of the files.
 */

const FOLDERS = ['docs', 'examples'];
const POINTS = [/^plan /m, /^running {3}survey-docs/m, /^running {3}report/m];

let place: string;
let server: EmbeddedServer;
let connection: Connection;
let holdfast: HoldfastClient;
let env: NodeJS.ProcessEnv;
let current: CliProcess | undefined;

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'holdfast-main-job-'));
  const material = makeSurveyFolder();
  cpSync(material, path.join(place, 'docs'), { recursive: true });
  mkdirSync(path.join(place, 'examples'));
  cpSync(path.join(material, 'README.md'), path.join(place, 'examples', 'README.md'));
  rmSync(material, { recursive: true, force: true });
  server = await startEmbeddedServer({ home: path.join(place, 'server'), port: 0, uiPort: 0, startTimeoutMs: 60_000 });
  watch(server.pid, 'Temporal server');
  env = cleanEnv(path.join(place, 'home'), { TEMPORAL_ADDRESS: server.address });
  connection = await Connection.connect({ address: server.address });
  holdfast = new HoldfastClient(new Client({ connection }));
}, 120_000);

afterAll(async () => {
  await current?.end();
  await connection?.close();
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
  expect(await survivors()).toEqual([]);
});

async function anotherWorker(): Promise<void> {
  await current?.end();
  current = new CliProcess(['worker'], env, place);
}

/** The only report there is: one node wrote one. */
function report(): string {
  const runs = path.join(place, 'home', 'runs');
  const files = existsSync(runs) ? readdirSync(runs, { recursive: true, encoding: 'utf8' }) : [];
  const found = files.filter((name) => name.endsWith('report.md'));
  expect(found).toHaveLength(1);
  return readFileSync(path.join(runs, found[0] as string), 'utf8');
}

test('the worker is killed three times, and the report is right, each node done once', async () => {
  await anotherWorker();
  const start = new CliProcess(['start'], env, place);
  for (const point of POINTS) {
    await start.shows(point, 60_000);
    await anotherWorker();
  }
  const { code, stdout, stderr } = await start.ended;
  expect([code, stdout]).toEqual([0, expect.stringContaining('together: 15 files')]);
  const id = /^plan (\S+)$/m.exec(stderr)?.[1] ?? '';
  const nodes = await holdfast.plans.get(id).nodes();
  expect(nodes.map((node) => [node.id, node.status, node.attempts])).toEqual([
    ['survey-docs', 'done', 1],
    ['survey-examples', 'done', 1],
    ['report', 'done', 1],
  ]);
  expectTeamReport(report(), place, FOLDERS);
  say(`main job: ${POINTS.length} kills of its worker`);
}, 240_000);
