import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assemble } from '../../../workers/assemble';
import { loadConfig } from '../../../workers/config/load-config';
import { checkAgent } from '../../../workers/project/check-agent';
import { describeAgents } from '../../../workers/project/inspect-project';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'holdfast-check-'));
  mkdirSync(path.join(root, 'agents'));
  writeFileSync(path.join(root, 'agents', 'clerk.yaml'), 'instructions: x\ntools: [files, todo]\n');
  writeFileSync(path.join(root, 'holdfast.yaml'), 'permissions: { profile: owner, deny: [files_delete] }\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const around = () => ({ env: {}, config: loadConfig({ env: {}, root }) });

test("the worker's settings count, and are told apart from the agent's rules", async () => {
  const { profile, tools, people, file } = await checkAgent(root, 'clerk', around());
  expect(file).toBe('agents/clerk.yaml');
  expect(profile).toBe('owner');
  expect(people).toEqual([]);
  expect(tools.find(({ name }) => name === 'files_delete')?.otherwise).toEqual({
    verdict: 'deny',
    because: "deny files_delete (the worker's settings)",
  });
  expect(tools.find(({ name }) => name === 'files_write')?.otherwise).toEqual({
    verdict: 'allow',
    because: "profile owner (the worker's settings)",
  });
});

test('an agent is shown at the revision its runs are pinned to, with the settings of the worker', async () => {
  const [shown] = await describeAgents(root, around());
  const agents = [{ name: 'clerk', instructions: 'x', tools: ['files', 'todo'] }];
  const permissions = { profile: 'owner' as const, deny: ['files_delete'] };
  const { catalogue } = assemble({ agents, permissions, env: {}, home: root }).services;
  expect(shown?.agent.revision).toBe(catalogue.resolve('clerk').revision);
});
