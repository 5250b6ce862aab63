import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HoldfastPlugin } from '../../../workers/plugin';

let project: string;
const home = path.join(tmpdir(), 'unused');
const agents = [{ name: 'plain', instructions: 'Help.' }];
const FILE = `version: 1
defaultModel: local/llama
providers:
  local: { type: openai, baseUrl: "http://127.0.0.1:1/v1", api: chat }
prices:
  local/llama: { inputPerMillion: 1, outputPerMillion: 2 }
  local/other: { inputPerMillion: 3, outputPerMillion: 4 }
profiles:
  cheap:
    defaultModel: local/other
`;

beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'holdfast-plugin-'));
  writeFileSync(path.join(project, 'holdfast.yaml'), FILE);
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const usage = {
  inputTokens: 1_000_000,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};
const shared = { agents, home, env: {}, streams: false as const };

test('a plugin in a worker of one’s own takes the settings of the project it is told', () => {
  const { services } = new HoldfastPlugin({ ...shared, project }).contents;
  expect(services.catalogue.resolve('plain').model).toBe('local/llama');
  expect(services.providerFor('local/llama').model).toBe('llama');
  expect(services.prices.costUsd('local/llama', usage)).toBe(1);
});

test('code counts above the file, entry by entry; a profile and no project do what they say', () => {
  const prices = { 'local/llama': { inputPerMillion: 7, outputPerMillion: 7 } };
  const { services } = new HoldfastPlugin({ ...shared, project, profile: 'cheap', prices }).contents;
  expect(services.catalogue.resolve('plain').model).toBe('local/other');
  expect(services.prices.costUsd('local/llama', usage)).toBe(7);
  expect(services.prices.costUsd('local/other', usage)).toBe(3);
  const without = new HoldfastPlugin(shared).contents.services;
  expect(without.catalogue.resolve('plain').model).toBe('simulated/rules');
});

test('a file that cannot be used is refused, with its line', () => {
  writeFileSync(path.join(project, 'holdfast.yaml'), 'version: 1\npricess: {}\n');
  expect(() => new HoldfastPlugin({ ...shared, project }).contents).toThrow(/holdfast\.yaml:2/);
});
