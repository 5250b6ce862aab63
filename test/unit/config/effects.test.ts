import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createContext } from '../../../apps/cli/context';
import { logFormat } from '../../../apps/cli/log-line';
import { Output } from '../../../apps/cli/output';
import { clusterOf } from '../../../apps/cli/place';
import { startVendorServer, type VendorServer } from '../../../testing/vendor-server';
import { assemble, reassemble } from '../../../workers/assemble';
import { assemblySettings, workerSettings } from '../../../workers/config/apply';
import { loadConfig } from '../../../workers/config/load-config';
import { settingsFrom } from '../../../workers/embedded/settings';

/** That each setting reaches what uses it. Providers are real ones, against a vendor of our own. */

let root: string;
let vendor: VendorServer;
beforeAll(async () => {
  vendor = await startVendorServer();
});
afterAll(() => vendor.close());
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'holdfast-effects-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function settings(text: string, env: Record<string, string> = {}) {
  writeFileSync(path.join(root, 'holdfast.yaml'), `version: 1\n${text}`);
  return loadConfig({ root, env }).settings;
}

function assembled(text: string, env: Record<string, string> = {}) {
  const contents = assemblySettings(settings(text, env), env);
  return assemble({ ...contents, env, home: root, agents: [{ name: 'a', instructions: 'x' }] });
}

const REQUEST = {
  instructions: 'x',
  messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }],
  tools: [],
  parameters: {},
  maxOutputTokens: 100,
};

async function ask(text: string, env: Record<string, string> = {}, route = 'mine/m') {
  const { provider, model } = assembled(text, env).services.providerFor(route);
  const call = { signal: AbortSignal.timeout(10_000), correlationId: 'c' };
  return provider.complete({ ...REQUEST, model } as unknown as Parameters<typeof provider.complete>[0], call);
}

function mine(more = ''): string {
  return `providers: { mine: { type: openai, baseUrl: "${vendor.openaiURL}"${more} } }`;
}

describe('providers', () => {
  test('baseUrl, type and api: which server is asked, and how', async () => {
    vendor.setScript(() => ({ text: 'ok' }));
    await ask(mine());
    expect(vendor.requests.at(-1)?.path).toBe('/v1/chat/completions');
    await ask(mine(', api: responses'));
    expect(vendor.requests.at(-1)?.path).toBe('/v1/responses');
    await ask(`providers: { mine: { type: anthropic, baseUrl: "${vendor.anthropicURL}", keyVariable: MY_KEY } }`, {
      MY_KEY: 'canary',
    });
    expect(vendor.requests.at(-1)?.path).toBe('/v1/messages');
    expect(JSON.stringify(vendor.requests.at(-1)?.headers)).toContain('canary');
  });

  test('reasoningSummary: what is asked for', async () => {
    vendor.setScript(() => ({ text: 'ok' }));
    await ask(mine(', api: responses, reasoningSummary: detailed'), {}, 'mine/gpt-5-mini');
    expect(JSON.stringify(vendor.requests.at(-1)?.body)).toContain('"detailed"');
  });

  test('timeouts and maxAnswerChars: when it is given up', async () => {
    vendor.setScript(() => ({ latencyMs: 5_000, text: 'late' }));
    await expect(ask(mine(', timeouts: { firstByte: 100ms }'))).rejects.toMatchObject({ code: 'Model.Timeout' });
    vendor.setScript(() => ({ text: 'x'.repeat(500), chunkChars: 50 }));
    await expect(ask(mine(', maxAnswerChars: 100'))).rejects.toMatchObject({ code: 'Model.AnswerTooLong' });
  });

  test('the others are handed on by the names providers have for them', () => {
    const { providerSettings } = assemblySettings(
      settings(mine(', returnReasoning: true, timeouts: { connect: 1s, idle: 2m }')),
      {},
    );
    expect(providerSettings?.mine).toMatchObject({
      returnReasoning: true,
      timeouts: { connectMs: 1_000, idleMs: 120_000 },
    });
  });
});

test('models and prices: what a model can take, and what it costs', () => {
  const { services } = assembled(
    `${mine()}\nmodels: { mine/m: { contextTokens: 4096, maxOutputTokens: 512 } }\nprices: { mine/*: { inputPerMillion: 1, outputPerMillion: 2 } }`,
  );
  expect(services.providerFor('mine/m').provider.describeModel('m')).toEqual({
    contextTokens: 4_096,
    maxOutputTokens: 512,
  });
  expect(services.prices.worstCaseUsd('mine/m', 1_000_000, 1_000_000)).toBe(3);
});

test('defaultModel and simulateWithoutKey: what an agent that names no model runs on', () => {
  const model = (text: string) => assembled(text).services.catalogue.resolve('a').model;
  expect(model('')).toBe('simulated/rules');
  expect(model(`defaultModel: mine/m\n${mine()}`)).toBe('mine/m');
  expect(() => model('simulateWithoutKey: false')).toThrow(
    expect.objectContaining({ code: 'Model.MissingKey', hint: expect.stringContaining('defaultModel') }),
  );
});

test('worker: what Temporal’s worker is started with', () => {
  const limits = 'maxConcurrentActivities: 3, maxConcurrentWorkflowTasks: 2, maxCachedRuns: 9';
  expect(workerSettings(settings(`worker: { taskQueue: q, shutdownGrace: 5s, ${limits} }`))).toEqual({
    taskQueue: 'q',
    shutdownGraceTime: 5_000,
    maxConcurrentActivityTaskExecutions: 3,
    maxConcurrentWorkflowTaskExecutions: 2,
    maxCachedWorkflows: 9,
  });
});

test('temporal and worker.taskQueue: where a command goes', () => {
  settings('temporal: { address: "host:7", namespace: ours, port: 1234, uiPort: 0 }\nworker: { taskQueue: q }');
  const context = createContext({ project: root }, {});
  expect(clusterOf(context)).toMatchObject({ address: 'host:7', namespace: 'ours', taskQueue: 'q' });
  expect(settingsFrom({ env: context.env })).toMatchObject({ port: 1_234, uiPort: 0 });
  const flagged = createContext({ project: root, address: 'flag:1' }, { TEMPORAL_NAMESPACE: 'env' });
  expect(clusterOf(flagged)).toMatchObject({ address: 'flag:1', namespace: 'env' });
});

test('log.format: lines for people or for machines', () => {
  const sink = { write: () => true };
  const [pipe, terminal] = [new Output({ stderr: sink }), new Output({ stderr: { ...sink, isTTY: true } })];
  expect([logFormat(pipe, 'auto'), logFormat(terminal, 'json')]).toEqual([undefined, undefined]);
  expect([typeof logFormat(terminal, 'auto'), typeof logFormat(pipe, 'pretty')]).toEqual(['function', 'function']);
});

describe('taking changes over', () => {
  const env = {};
  const agents = (text: string) => [{ name: 'a', instructions: text }];

  test('what activities read is replaced; what they keep stays', () => {
    const assembly = assemble({ env, home: root, agents: agents('one') });
    const { services } = assembly;
    const { transcripts } = services;
    const before = services.catalogue.resolve('a').revision;
    reassemble(assembly, { env, home: root, agents: agents('two') });
    expect(services.catalogue.resolve('a').revision).not.toBe(before);
    expect(services.transcripts).toBe(transcripts);
  });

  test('a mistake changes nothing', () => {
    const assembly = assemble({ env, home: root, agents: agents('one') });
    const { catalogue, tools, prices } = assembly.services;
    const bad = { env, home: root, agents: [{ name: 'a', instructions: 'x', tools: ['none'] }] };
    expect(() => reassemble(assembly, bad)).toThrow('none');
    expect(assembly.services).toMatchObject({ catalogue, tools, prices });
  });
});
