import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '../../../workers/config/load-config';
import { checkProject, describeAgents, providerKeys } from '../../../workers/project/inspect-project';
import { loadProject } from '../../../workers/project/load-project';

const around = (env: Record<string, string> = {}) => ({ env, config: loadConfig({ env }) });

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'holdfast-project-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): void {
  const full = path.join(root, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
}

describe('a project', () => {
  test('without agents has those of the package', async () => {
    const project = await loadProject(root);
    expect(project.builtInAgents).toBe(true);
    expect(project.agents.map(({ definition }) => definition.name)).toEqual(['assistant', 'editor', 'reporter']);
  });

  test('with one agent has that one alone', async () => {
    write('agents/mine.yaml', 'instructions: x');
    const project = await loadProject(root);
    expect(project.builtInAgents).toBe(false);
    expect(project.agents).toEqual([{ definition: { name: 'mine', instructions: 'x' }, file: 'agents/mine.yaml' }]);
  });

  test('its agents may be TypeScript, and its tools too', async () => {
    write(
      'agents/typed.ts',
      "import { defineAgent } from 'holdfast';\nexport default defineAgent({ name: 'typed', instructions: 'x', tools: ['twice'] });",
    );
    write(
      'tools/twice.ts',
      "import { defineTool } from 'holdfast';\nimport { z } from 'zod';\nexport default defineTool({ name: 'twice', description: 'Doubles.', input: z.object({ n: z.number() }), effect: 'read', execute: ({ n }) => n * 2 });",
    );
    const [shown] = await describeAgents(root, around());
    expect(shown).toMatchObject({
      file: 'agents/typed.ts',
      agent: { name: 'typed', tools: [{ name: 'twice', effect: 'read' }] },
    });
    await expect(checkProject(root, [], around())).resolves.toEqual([
      { file: 'agents/typed.ts', name: 'typed', problems: [] },
    ]);
  });

  test('one name twice is refused, naming both files', async () => {
    write('agents/a.yaml', 'name: same\ninstructions: x');
    write('agents/b.yaml', 'instructions: x\nname: same');
    await expect(loadProject(root)).rejects.toMatchObject({
      code: 'Agent.Invalid',
      message: expect.stringMatching(/b\.yaml.*a\.yaml/),
    });
    const checked = await checkProject(root, [], around());
    expect(checked.map(({ problems }) => problems.map(({ line }) => line))).toEqual([[], [2]]);
  });
});

describe('providers of its own', () => {
  const acme = (name: string) =>
    `import { defineProvider, VendorClient } from 'holdfast/provider';
    const VENDOR = { name: '${name}', baseURL: 'https://api.acme.example', keyVariable: 'ACME_KEY' };
    export default defineProvider({ name: '${name}', keyVariable: 'ACME_KEY', defaultModel: 'one',
      create: (settings, env) => ({ name: new VendorClient(VENDOR, settings, env).name, complete: async () => ({}), countTokens: () => 1, describeModel: () => undefined }) });`;
  const own = (env: Record<string, string> = {}) => ({ env, config: loadConfig({ env, root }) });

  test('are known to its agents and to its settings, and say which key is missing', async () => {
    write('providers/acme.ts', acme('acme'));
    write('providers/acme.test.mjs', 'throw new Error("a test is no provider")');
    write('agents/a.yaml', 'instructions: x\nmodel: acme/one');
    write('holdfast.yaml', 'version: 1\nproviders: { acme: { timeouts: { idle: 5s } } }');
    expect((await loadProject(root)).providers.map(({ name }) => name)).toEqual(['acme']);
    const [shown] = await describeAgents(root, own());
    expect(shown).toMatchObject({ agent: { model: 'acme/one' }, missingKey: 'acme needs ACME_KEY' });
    const [keyed] = await describeAgents(root, own({ ACME_KEY: 'k' }));
    expect(keyed?.missingKey).toBeUndefined();
    expect(await checkProject(root, [], own())).toEqual([{ file: 'agents/a.yaml', name: 'a', problems: [] }]);
  });

  test.each([
    ['providers/acme.ts', acme('other'), 'acme.ts: its provider is called "other"'],
    ['providers/acme.ts', 'export default { name: "acme" };', 'acme.ts: exports no provider'],
    ['providers/acme.ts', 'export default [', 'acme.ts: cannot be loaded'],
  ])('that will not do are refused: %s', async (file, text, problem) => {
    write(file, text);
    write('agents/a.yaml', 'instructions: x');
    const refusal = { code: 'Config.Invalid', message: expect.stringContaining(`providers/${problem}`) };
    await expect(loadProject(root)).rejects.toMatchObject(refusal);
    const checked = await checkProject(root, [], around());
    expect(checked.at(-1)).toMatchObject({ file: 'providers', problems: [{ message: refusal.message }] });
  });

  test('settings for a name that is no file still need a type', () => {
    write('holdfast.yaml', 'version: 1\nproviders: { acme: { maxAnswerChars: 5 } }');
    expect(() => own()).toThrow('nothing says whose protocol');
  });
});

describe('checking', () => {
  test('tells every problem of every file, each with its line', async () => {
    write('agents/a.yaml', 'instructions: ""\nlimits:\n  turns: no\n  cost: 1\n');
    write('agents/b.yaml', 'instructions: [\n');
    write('agents/c.yaml', 'instructions: x\ntools:\n  - files\n  - fils\n');
    write('agents/d.yaml', 'instructions: x\nmodel: openay/gpt\n');
    write('agents/e.yaml', 'instructions: x\noutput: { type: 7 }\n');
    write('agents/f.yaml', 'instructions: x\nmodel: openai/gpt-5\n');
    const checked = await checkProject(root, [], around());
    const found = Object.fromEntries(
      checked.map(({ file, problems }) => [file, problems.map(({ line, path: key }) => `${line} ${key}`)]),
    );
    expect(found).toEqual({
      'agents/a.yaml': ['1 instructions', '3 limits.turns', '4 limits'],
      'agents/b.yaml': [expect.stringMatching(/^\d+ $/)],
      'agents/c.yaml': ['3 tools'],
      'agents/d.yaml': ['2 model'],
      'agents/e.yaml': ['2 output'],
      // A key that is missing here may be present where it runs.
      'agents/f.yaml': [],
    });
    expect(checked.find(({ file }) => file === 'agents/c.yaml')?.problems[0]?.hint).toContain('files');
  });

  test('single files are checked by their path, wherever they are', async () => {
    write('drafts/x.yaml', 'instructions: x\nname: draft');
    const [good, missing] = await checkProject(root, ['drafts/x.yaml', 'drafts/none.yaml'], around());
    expect(good).toEqual({ file: 'drafts/x.yaml', name: 'draft', problems: [] });
    expect(missing?.problems[0]?.message).toContain('ENOENT');
  });

  test('a broken tool is a problem of its own', async () => {
    write('agents/a.yaml', 'instructions: x');
    write('tools/bad.ts', 'export default 7;');
    const checked = await checkProject(root, [], around());
    expect(checked.at(-1)).toMatchObject({ file: 'tools', problems: [{ message: expect.stringContaining('bad.ts') }] });
  });
});

test('an agent is shown as a run would be pinned to it, and says which key it lacks', async () => {
  write('agents/a.yaml', 'instructions: x\nmodel: openai/gpt-5');
  const [without] = await describeAgents(root, around());
  expect(without).toMatchObject({
    agent: { model: 'openai/gpt-5' },
    missingKey: expect.stringContaining('OPENAI_API_KEY'),
  });
  const [withKey] = await describeAgents(root, around({ OPENAI_API_KEY: 'sk-x' }));
  expect(withKey).not.toHaveProperty('missingKey');
  expect(withKey?.agent.revision).toBe(without?.agent.revision);
});

test('an unknown provider is not shown but refused', async () => {
  write('agents/a.yaml', 'instructions: x\nmodel: openay/x');
  await expect(describeAgents(root, around())).rejects.toMatchObject({ code: 'Model.UnknownProvider' });
});

test('keys are told by name', () => {
  expect(providerKeys({ ANTHROPIC_API_KEY: 'sk-canary' })).toEqual([
    { provider: 'anthropic', variable: 'ANTHROPIC_API_KEY', present: true },
    { provider: 'openai', variable: 'OPENAI_API_KEY', present: false },
  ]);
});
