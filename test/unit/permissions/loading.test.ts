import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assemble } from '../../../workers/assemble';
import { loadConfig } from '../../../workers/config/load-config';
import { checkProject } from '../../../workers/project/inspect-project';

const load = (permissions: object, worker: object = {}) =>
  assemble({
    env: {},
    home: '.holdfast',
    streams: false,
    permissions: worker,
    agents: [{ name: 'clerk', instructions: 'x', tools: ['files', 'calculator'], permissions }],
  });

describe('a policy is checked when its agent is loaded', () => {
  test.each([
    [{ deny: ['files_wriet(secrets/**)'] }, /permissions\.deny\.0: .*names no tool/],
    [{ allow: ['calculator(1*)'] }, /permissions\.allow\.0: .*which argument/],
    [{ ask: ['files_write(paht=x)'] }, /permissions\.ask\.0: .*no argument "paht"/],
    [{ deny: ['files_write('] }, /expected a value at 13/],
    [{ models: ['gpt-5'] }, /provider\/model/],
  ])('%j is refused', (permissions, message) => {
    expect(() => load(permissions)).toThrow(message);
    expect(() => load(permissions)).toThrow(expect.objectContaining({ code: 'Agent.Invalid' }));
  });

  test('what is right passes; a rule of the worker may be about tools this agent does not have', () => {
    load({ deny: ['files_*(secrets/**)', 'shell*'], models: ['openai/*', '*'] }, { deny: ['pay'] });
    expect(() => load({}, { deny: ['calculator(1*)'] })).toThrow(/permissions of the worker\.deny\.0/);
  });
});

test('in a project it is found with file and line', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'holdfast-policy-'));
  mkdirSync(path.join(root, 'agents'));
  const yaml = 'instructions: x\nmodel: simulated/rules\ntools: [files]\npermissions:\n  deny:\n    - files_wriet\n';
  writeFileSync(path.join(root, 'agents/clerk.yaml'), yaml);
  const [checked] = await checkProject(root, [], { env: {}, config: loadConfig({ env: {} }) });
  expect(checked?.problems).toEqual([
    expect.objectContaining({
      file: 'agents/clerk.yaml',
      line: 6,
      path: 'permissions.deny.0',
      message: expect.stringMatching(/no tool/),
    }),
  ]);
  rmSync(root, { recursive: true, force: true });
});
