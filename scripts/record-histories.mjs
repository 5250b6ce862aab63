/**
 * Records the histories that `test/replay/` replays: `node scripts/record-histories.mjs NAME…`, after `npm run build`. Without
 * names it lists what there is. A history that exists is never written again (`--replace` does, on purpose): it stands for
 * the runs that are in flight out there, which no new build may break.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(path.join(root, 'package.json'));
const { HoldfastPlugin } = require('./dist/workers/index.js');
const { HoldfastClient, HoldfastError } = require('./dist/client/index.js');
const { defineTool, OutcomeUnknown } = require('./dist/index.js');
const { scriptedModel, startEmbeddedServer } = require('./dist/testing/index.js');
const { shardIdOf, shardOf } = require('./dist/protocol/registry/shards.js');
const { Client, Connection } = require('@temporalio/client');
const { historyToJSON } = require('@temporalio/common/lib/proto-utils');
const { DefaultLogger, NativeConnection, Runtime, Worker } = require('@temporalio/worker');
const { z } = require('zod');

const TASK_QUEUE = 'recorded';
const AGENT = {
  name: 'recorder',
  instructions: 'Be recorded.',
  model: 'scripted/steps',
  tools: ['note', 'look', 'stamp', 'wait', 'todo'],
  permissions: { profile: 'owner' },
};

const call = (name, text, id) => ({ name, arguments: { text }, ...(id && { id }) });
const hang = async (_request, { signal }) => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throw signal.reason;
};
const error = (code, message) => ({ error: new HoldfastError(code, message) });

const recorded = { turn: 0, goOn: false };

/** Steps of the model, what the run is started with, and what is done to it while it runs. */
const SESSIONS = {
  answer: { steps: [{ text: 'done' }] },
  'tool-turns': {
    steps: [
      { toolCalls: [{ name: 'todo', arguments: { items: [{ text: 'look' }] } }] },
      { toolCalls: [call('note', 'a'), call('note', 'b'), call('stamp', 'c'), call('note', 'd')] },
      { toolCalls: [{ name: 'nope', arguments: {} }, { name: 'note', malformed: '{"text"' }, call('note', 'fail')] },
      { text: 'done' },
    ],
  },
  'quick-reads': {
    steps: [
      { toolCalls: [call('look', 'a'), call('look', 'b')] },
      { toolCalls: [call('look', 'c'), call('note', 'd')] },
      { text: 'done' },
    ],
  },
  'output-repair': {
    agent: { output: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] } },
    steps: [{ text: '{}' }, { text: '' }, { text: '{"sum":3}' }],
  },
  rollover: {
    start: { rolloverTurns: 2 },
    steps: [...'abcd']
      .map((text) => ({ toolCalls: [call(text < 'c' ? 'note' : 'look', text)] }))
      .concat({ text: 'done' }),
  },
  'large-parts': {
    steps: [{ text: 'x'.repeat(100_000), toolCalls: [call('note', 'y'.repeat(100_000))] }, { text: 'done' }],
  },
  'max-turns': { start: { limits: { turns: 1 } }, steps: [{ toolCalls: [call('look', 'a')] }] },
  'repeated-call': {
    start: { limits: { repeatedCalls: 1 } },
    steps: [{ toolCalls: [call('note', 'a')] }, { toolCalls: [call('note', 'a')] }],
  },
  deadline: { start: { limits: { deadline: '700ms' } }, steps: [hang] },
  'deadline-in-tool': { start: { limits: { deadline: '700ms' } }, steps: [{ toolCalls: [call('wait', 'a')] }] },
  cancelled: { steps: [hang], cancelWhen: 'model' },
  'cancelled-in-tool': { steps: [{ toolCalls: [call('wait', 'a')] }], cancelWhen: 'tools' },
  'context-too-long': { steps: [error('Model.ContextTooLong', 'too long'), { text: 'done' }] },
  'model-retried': { steps: [error('Model.BadResponse', 'cut'), { text: 'done' }] },
  failed: { steps: [error('Model.Auth', 'the key was refused')] },
  'unknown-agent': { agentName: 'nobody', steps: [] },
  chat: {
    start: { input: null, chat: { idleTimeout: '1s' }, rolloverTurns: 2 },
    steps: [{ text: 'a' }, { toolCalls: [call('note', 'b')] }, { text: 'b' }, { text: 'c' }],
    async during(holdfast, id) {
      const chat = holdfast.getChat(id).as('recorder');
      for (const text of ['a', 'b', 'c']) await (await chat.send(text)).reply();
      await chat.rename('A chat');
    },
  },
  'chat-interrupted': {
    start: { input: 'first', chat: { expiresAfter: '1h' } },
    steps: [hang, error('Model.Auth', 'the key was refused'), { text: 'c' }],
    async during(holdfast, id) {
      const chat = holdfast.getChat(id).as('recorder');
      await until(async () => (await chat.state()).phase === 'model');
      const sent = [await chat.send('b'), await chat.send('c')];
      await chat.interrupt('too slow');
      await Promise.allSettled(sent.map((message) => message.reply()));
      await chat.close('done');
    },
  },
  controlled: {
    start: { breakpoints: { turns: [1], tools: ['note'] } },
    steps: [
      { toolCalls: [call('look', 'a')] },
      { toolCalls: [call('note', 'b'), call('note', 'c')] },
      { text: 'done' },
    ],
    async during(holdfast, id) {
      const run = holdfast.get(id).as('recorder');
      const paused = () => until(async () => (await holdfast.describe(id)).status === 'paused');
      await paused();
      await run.change({ limits: { deadline: 600_000, turns: 9 }, priority: 2 }, 'more time');
      await run.step('turn');
      await until(async () => (await run.state()).turns === 1);
      await paused();
      await run.steer('be brief');
      await run.resume();
      await paused();
      await run.step('call');
      await run.change({ breakpoints: {} });
      await run.resume('looks fine');
    },
  },
  stopped: {
    steps: [{ toolCalls: [call('wait', 'a')] }],
    async during(holdfast, id) {
      const run = holdfast.get(id).as('recorder');
      await until(async () => (await run.state()).phase === 'tools');
      await run.stop('no longer needed');
    },
  },
  forked: {
    steps: [{ toolCalls: [call('note', 'a')] }, { text: 'one' }, { text: 'two' }],
    async during(holdfast, id) {
      await holdfast.get(id).result();
      await (await holdfast.fork(id, { id: `${id}-fork`, at: 3, input: 'again', taskQueue: TASK_QUEUE })).result();
    },
    also: ['-fork'],
  },
  asked: {
    agent: {
      permissions: {
        deny: ['note(text=no)'],
        approval: {
          approvers: ['user:ana'],
          expiresAfter: '1s',
          escalate: [{ approvers: ['user:bo'], expiresAfter: '1h' }],
          remindEvery: '700ms',
        },
      },
    },
    steps: [{ toolCalls: [call('note', 'no'), call('note', 'a'), call('look', 'b')] }, { text: 'done' }],
    async during(holdfast, id) {
      const asked = `${id}/ask-1`;
      const handle = client.workflow.getHandle(asked);
      await until(async () => (await holdfast.approvals.list({ for: 'user:bo', run: id })).length > 0);
      await handle.signal('decide', { by: 'eve', verdict: 'approve' });
      await holdfast.approvals.approve(asked, { by: 'bo', edit: { text: 'c' }, remember: 'run' });
    },
    also: ['/ask-1'],
  },
  'asked-in-vain': {
    agent: { permissions: { approval: { expiresAfter: '500ms' } } },
    steps: [{ toolCalls: [call('note', 'a')] }, { toolCalls: [call('note', 'b')] }, { text: 'done' }],
    async during(holdfast, id) {
      await until(async () => (await holdfast.approvals.list({ run: id })).some((one) => one.id === `${id}/ask-2`));
      await holdfast.get(id).as('recorder').stop('enough');
    },
    also: ['/ask-1', '/ask-2'],
  },
  once: {
    steps: [
      { toolCalls: [call('stamp', 'once'), call('stamp', 'once')] },
      { toolCalls: [call('stamp', 'lost')] },
      { text: 'done' },
    ],
    async during(holdfast, id) {
      let open = [];
      await until(async () => {
        open = await holdfast.approvals.list({ run: id });
        return open.length > 0;
      });
      await holdfast.approvals.answer(open[0].id, 'done', { by: 'ana', reason: 'seen' });
    },
    effects: true,
  },
  compensated: {
    agent: { tools: ['book'], onFailure: 'compensate', limits: { turns: 3 } },
    start: { rolloverTurns: 2 },
    steps: ['a', 'b', 'c'].map((text) => ({ toolCalls: [call('book', text)] })),
    compensation: true,
  },
  summarised: {
    agent: { context: { maxTokens: 4_000, summarise: { at: 1_500 } } },
    start: { rolloverTurns: 6 },
    steps: Array.from({ length: 14 }, () => ({ tools }) => {
      if (tools.length === 0) return { text: 'All so far.' };
      const turn = recorded.turn++;
      if (turn === 8) return { text: 'done' };
      return { text: 'x'.repeat(1_200), toolCalls: [call(turn % 2 ? 'look' : 'note', `${turn}`)] };
    }),
  },
  // One after the other: what a scripted model says next must not depend on who asks first.
  plan: {
    workflow: 'taskPlan',
    args: [
      {
        plan: {
          name: 'recorded',
          agent: 'reader',
          limits: { parallel: 1 },
          nodes: [
            { id: 'a', goal: 'A', retry: { attempts: 2, backoff: 10 } },
            { id: 'b', goal: 'B', after: ['a'] },
            { id: 'c', goal: 'C', after: [{ node: 'b', onFailure: 'continue' }] },
            { id: 'd', goal: 'D', after: ['c'], notBefore: 50 },
          ],
        },
        rolloverNodes: 3,
      },
    ],
    steps: [error('Model.Refused', 'no'), { text: 'a' }, { text: 'b' }, { text: 'c' }, { text: 'd' }],
  },
  // What runs and what waits for people while it continues as new; both are ended from the next Temporal run.
  'plan-carried': {
    workflow: 'taskPlan',
    args: [
      {
        plan: {
          name: 'carried',
          agent: 'reader',
          nodes: [
            { id: 'asks', goal: 'ASKS', approval: true },
            { id: 'slow', goal: 'SLOW' },
            { id: 'a', goal: 'A' },
            { id: 'b', goal: 'B', after: ['a'] },
            { id: 'last', goal: 'LAST', after: ['asks', 'slow', 'b'] },
          ],
        },
        rolloverNodes: 2,
      },
    ],
    steps: Array(5).fill(async ({ messages }) => {
      if (JSON.stringify(messages.at(-1)).includes('SLOW')) await until(async () => recorded.goOn);
      return { text: 'done' };
    }),
    async during(holdfast, id) {
      const plan = holdfast.plans.get(id);
      await until(async () => (await plan.view())?.counts.done === 2);
      await holdfast.approvals.approve(`${id}/ask-1`, { by: 'ana' });
      await until(async () => (await plan.view())?.counts.done === 3);
      recorded.goOn = true;
    },
  },
  'plan-learned': {
    workflow: 'taskPlan',
    agent: { capabilities: ['note'] },
    args: [
      {
        plan: {
          name: 'learned',
          assign: 'learned',
          nodes: [
            { id: 'a', goal: 'A', needs: ['note'], estimate: '10s', deadline: '1h' },
            { id: 'b', goal: 'B', needs: ['note'], after: ['a'] },
          ],
        },
      },
    ],
    steps: [{ text: 'a' }, { text: 'b' }],
  },
  'agent-registry': {
    async registry(holdfast, start) {
      const agents = holdfast.registry('recorded');
      await start('ada', 5);
      await agents.register([{ name: 'ada', capabilities: ['code'], revision: 'r1' }], {
        queue: TASK_QUEUE,
        by: 'recorder',
      });
      await agents.register([{ name: 'ada', capabilities: ['code', 'prose'], revision: 'r2' }], { by: 'recorder' });
      for (const success of [true, false])
        await agents.report({ agent: 'ada', needs: ['code'], success, ms: 1_000, usd: 0.01 });
      await agents.rate('ada', { stars: 4, reason: 'good', by: 'recorder' });
      await until(async () => (await agents.get('ada')).outcomes === 2);
      await agents.pause('ada', { reason: 'leave', by: 'recorder' });
    },
  },
  // A plain call, a result that is kept, a failure that a run could not mend either, and another way.
  'plan-anew': {
    workflow: 'taskPlan',
    args: [
      {
        plan: {
          name: 'recorded',
          goal: 'get there',
          agent: 'plain',
          replan: 1,
          nodes: [
            { id: 'a', goal: 'A', memory: true },
            { id: 'b', goal: 'B', after: ['a'] },
          ],
        },
      },
    ],
    steps: [
      { text: 'a' },
      error('Model.Refused', 'no'),
      error('Model.Refused', 'no'),
      { text: JSON.stringify({ nodes: [{ id: 'c', goal: 'C', agent: 'plain', after: ['a'] }] }) },
      { text: 'c' },
    ],
  },
  'own-workflow': { workflow: 'releaseNotes', args: ['v1'], steps: [{ text: 'first' }, { text: 'second' }] },
};

const replace = process.argv.includes('--replace');
const names = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
if (names.length === 0) {
  console.log(`Histories: ${Object.keys(SESSIONS).join(', ')}`);
  process.exit(0);
}
const unknown = names.filter((name) => !(name in SESSIONS));
if (unknown.length > 0) throw new Error(`there is no session ${unknown.join(', ')}`);

Runtime.install({ logger: new DefaultLogger('ERROR') });
const home = mkdtempSync(path.join(tmpdir(), 'holdfast-record-'));
const server = await startEmbeddedServer({ home, port: 0, uiPort: 0, log: () => undefined });
const { address, namespace } = server;
const connection = await Connection.connect({ address });
const native = await NativeConnection.connect({ address });
const client = new Client({ connection, namespace, identity: 'recorder' });
const holdfast = new HoldfastClient(client, { taskQueue: TASK_QUEUE });
try {
  for (const name of names) await record(name, SESSIONS[name]);
} finally {
  await connection.close();
  await native.close();
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}

async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function record(
  name,
  {
    steps,
    agent,
    agentName = AGENT.name,
    start,
    cancelWhen,
    during,
    also = [],
    effects = false,
    compensation = false,
    registry,
    workflow,
    args,
  },
) {
  const plugin = new HoldfastPlugin({
    agents: agentsFor(workflow, agent),
    tools: tools(),
    providers: [scriptedModel(steps)],
    home,
    env: {},
  });
  const workflowsPath = workflow && path.join(root, 'test', 'fixtures', 'user-workflows.ts');
  const options = {
    connection: native,
    namespace,
    taskQueue: TASK_QUEUE,
    identity: 'recorder',
    shutdownGraceTime: '1s',
    plugins: [plugin],
  };
  const worker = await Worker.create({ ...options, ...(workflowsPath && { workflowsPath }) });
  await worker.runUntil(async () => {
    if (registry) {
      await registry(holdfast, async (agent, rolloverMessages) => {
        const input = { registry: 'recorded', shard: shardOf(agent), rolloverMessages };
        const workflowId = shardIdOf('recorded', input.shard);
        await client.workflow.start('agentRegistry', { workflowId, taskQueue: TASK_QUEUE, args: [input] });
      });
      return;
    }
    if (workflow) {
      const run = await client.workflow.start(workflow, { workflowId: name, taskQueue: TASK_QUEUE, args });
      await during?.(holdfast, name);
      await run.result();
      return;
    }
    const run = await holdfast.start(agentName, { id: name, input: 'go', ...start });
    if (cancelWhen) {
      while ((await run.state()).phase !== cancelWhen) await new Promise((resolve) => setTimeout(resolve, 50));
      await run.cancel();
    }
    await during?.(holdfast, name);
    await run.result().catch(() => undefined);
  });
  if (registry) return keepAll(shardIdOf('recorded', shardOf('ada')), '.', name);
  await keepAll(name, workflow ? 'own' : '.');
  for (const ending of also) await keepAll(name + ending, '.');
  if (compensation) {
    const query = `WorkflowType = "compensation" AND HoldfastParent = "${name}"`;
    for await (const { workflowId } of client.workflow.list({ query })) await keepAll(workflowId, '.', `${name}-undo`);
  }
  if (!effects) return;
  const query = `WorkflowType = "effect" AND HoldfastParent = "${name}"`;
  const found = [];
  for await (const { workflowId, startTime } of client.workflow.list({ query })) found.push({ workflowId, startTime });
  found.sort((a, b) => a.startTime - b.startTime);
  for (const [at, { workflowId }] of found.entries()) await keepAll(workflowId, '.', `${name}-effect-${at + 1}`);
}

async function keepAll(name, folder, as = name.replaceAll('/', '-')) {
  const runs = [];
  for await (const { runId, startTime } of client.workflow.list({ query: `WorkflowId = "${name}"` }))
    runs.push({ runId, startTime });
  runs.sort((a, b) => a.startTime - b.startTime);
  for (const [at, { runId }] of runs.entries()) {
    const history = await client.workflow.getHandle(name, runId).fetchHistory();
    keep(folder, runs.length === 1 ? as : `${as}-${at + 1}`, historyToJSON(history));
  }
}

function keep(folder, name, json) {
  const file = path.join(root, 'test', 'histories', folder, `${name}.json`);
  if (existsSync(file) && !replace)
    throw new Error(`${name} is recorded already; --replace gives up what it stands for`);
  // Stack traces name files of this machine.
  writeFileSync(file, `${json.replaceAll(`${root}/`, '')}\n`);
  console.log(`${path.relative(root, file)}: ${json.length} bytes`);
}

/** The user's workflow of the fixtures has an agent of its own. */
function agentsFor(workflow, changes) {
  if (!workflow) return [{ ...AGENT, ...changes }];
  const planner = { ...AGENT, name: 'planner', tools: [] };
  return [{ ...AGENT, name: 'reader', ...changes }, { ...AGENT, name: 'plain', tools: [] }, planner];
}

function tools() {
  const input = z.object({ text: z.string() });
  const answer =
    (name) =>
    ({ text }) => {
      if (text === 'fail') throw new Error('the disk is full');
      if (text === 'lost') throw new OutcomeUnknown('the connection broke');
      return `${name}: ${text.slice(0, 100)}`;
    };
  const wait = (_input, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  const tool = (name, effect, more = {}) =>
    defineTool({ name, description: name, input, effect, execute: answer(name), ...more });
  return [
    tool('note', 'idempotent'),
    tool('look', 'read', { quick: true }),
    tool('stamp', 'once'),
    tool('book', 'once', { undo: () => 'taken back' }),
    tool('wait', 'idempotent', { execute: wait }),
    tool('measure', 'read', { execute: ({ text }) => ({ length: text.length }) }),
  ];
}
