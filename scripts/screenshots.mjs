/**
 * `npm run screenshots`: what the stock Temporal Web UI shows of Holdfast's runs, as pictures in docs/images/. Runs the
 * simulated model on an embedded server of its own; needs a Chromium (`chromium` on the PATH, or its path in CHROMIUM).
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(path.join(root, 'package.json'));
const { createWorker } = require('./dist/workers/index.js');
const { HoldfastClient } = require('./dist/client/index.js');
const { startEmbeddedServer } = require('./dist/testing/index.js');
const { loadProject } = require('./dist/workers/project/load-project.js');
const { Client, Connection } = require('@temporalio/client');
const { DefaultLogger, NativeConnection, Runtime } = require('@temporalio/worker');

/** What a page gets until everything on it is there. */
const LOADED_MS = 6_000;
/** What waits for people is in the picture: the last node is asked for. */
const PLAN = {
  name: 'figures',
  goal: 'Tell how much there is to read in docs, and how long that takes.',
  nodes: [
    { id: 'survey', agent: 'reporter', goal: 'Survey the folder docs and write a report.' },
    { id: 'hours', agent: 'assistant', goal: 'What is 73260 / 200 / 60?' },
    {
      id: 'publish',
      agent: 'assistant',
      goal: 'Publish the figures.',
      after: ['survey', 'hours'],
      approval: { approvers: ['role:editor'], expiresAfter: '2 days' },
    },
  ],
};

const chromium = process.env.CHROMIUM ?? 'chromium';
if (spawnSync(chromium, ['--version']).status !== 0) {
  console.error(`No browser: ${chromium} does not start. Install Chromium, or name one in CHROMIUM.`);
  process.exit(1);
}
const images = path.join(root, 'docs', 'images');
mkdirSync(images, { recursive: true });
const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-screenshots-'));
cpSync(path.join(root, 'docs'), path.join(folder, 'docs'), { recursive: true });

Runtime.install({ logger: new DefaultLogger('ERROR') });
const server = await startEmbeddedServer({ home: path.join(folder, 'home'), port: 0, uiPort: 0, log: () => undefined });
const native = await NativeConnection.connect({ address: server.address });
const connection = await Connection.connect({ address: server.address });
const { agents, tools } = await loadProject(root);
const worker = await createWorker({
  connection: native,
  agents: agents.map(({ definition }) => definition),
  tools,
  home: path.join(folder, 'home'),
  env: {},
});
const { ask, close } = openBrowser();
try {
  await worker.runUntil(work);
} finally {
  close();
  await connection.close();
  await native.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function work() {
  const holdfast = new HoldfastClient(new Client({ connection }), { by: 'ana' });
  const mounts = [{ name: 'docs', path: path.join(folder, 'docs'), access: 'read' }];
  await (await holdfast.start('reporter', { id: 'docs-report', input: 'Report on the folder docs', mounts })).result();
  const chat = holdfast.chat('assistant', { id: 'sums', title: 'Sums' });
  for (const text of ['What is 17% of 2,340?', 'What is 12*12?']) await (await chat.send(text)).reply();
  const held = await holdfast.start('assistant', { id: 'held', input: 'What is 6*7?', breakpoints: { tools: ['*'] } });
  while ((await held.state()).status !== 'paused') await new Promise((resolve) => setTimeout(resolve, 50));
  await held.steer('Show the steps.', 'for the minutes');
  const plan = await holdfast.plans.submit(PLAN, { id: 'figures', mounts });
  while ((await plan.view())?.status !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 50));
  const [{ id: approval }] = (await plan.view()).waitsFor;
  await picture('runs', '', 1_400, 620);
  const heights = { 'docs-report': 1_300, held: 1_300, figures: 1_100, [approval]: 800 };
  for (const [id, height] of Object.entries(heights)) {
    const { runId } = await connection.workflowService
      .describeWorkflowExecution({ namespace: server.namespace, execution: { workflowId: id } })
      .then(({ workflowExecutionInfo }) => workflowExecutionInfo.execution);
    const name = id === approval ? 'approval' : id;
    const page = `/${encodeURIComponent(id)}/${runId}`;
    if (name !== 'approval') await picture(`run-${name}`, `${page}/history`, 1_400, height);
    await picture(`details-${name}`, `${page}/user-metadata`, 1_400, 700);
  }
  await plan.cancel();
  await chat.stop('pictures are taken');
  await held.stop('pictures are taken');
}

/** One browser, driven over a pipe: a page of a run that goes on never comes to rest, so it is given a fixed time. */
async function picture(name, page, width, height) {
  const url = `http://127.0.0.1:${server.uiPort}/namespaces/default/workflows${page}`;
  const { targetId } = await ask('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await ask('Target.attachToTarget', { targetId, flatten: true });
  const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
  await ask('Emulation.setDeviceMetricsOverride', metrics, sessionId);
  await ask('Page.navigate', { url }, sessionId);
  await new Promise((resolve) => setTimeout(resolve, LOADED_MS));
  const { data } = await ask('Page.captureScreenshot', { format: 'png' }, sessionId);
  await ask('Target.closeTarget', { targetId });
  const file = path.join(images, `${name}.png`);
  writeFileSync(file, Buffer.from(data, 'base64'));
  console.log(path.relative(root, file));
}

/** The DevTools protocol over file descriptors 3 and 4: JSON messages, each ended by a zero byte. */
function openBrowser() {
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run', '--disable-sync'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-quic'];
  const given = [...args, ...quiet, `--user-data-dir=${folder}/browser`, '--remote-debugging-pipe'];
  const browser = spawn(chromium, given, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const waiting = new Map();
  let text = '';
  browser.stdio[4].on('data', (chunk) => {
    const messages = (text + chunk).split('\0');
    text = messages.pop();
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const { resolve, reject } = waiting.get(id) ?? {};
      waiting.delete(id);
      if (error) reject?.(new Error(error.message));
      else resolve?.(result);
    }
  });
  let last = 0;
  return {
    close: () => browser.kill(),
    ask(method, params, sessionId) {
      const id = ++last;
      browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
  };
}
