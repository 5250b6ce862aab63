import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { BUILTIN_TOOLS } from '../../activities/tools';
import { type AgentDefinition, agentDefinitionSchema } from '../../protocol/agent';
import { assemble } from '../../workers/assemble';
import { loadProject } from '../../workers/project/load-project';

const root = path.join(__dirname, '..', '..');
const doc = readFileSync(path.join(root, 'docs', 'agents.md'), 'utf8');

interface ObjectSchema {
  properties?: Record<string, ObjectSchema>;
}

/** `name`, `limits`, `limits.turns`, …: every key an agent may have. */
function keysOf(schema: ObjectSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [
    prefix + key,
    ...keysOf(inner, `${prefix}${key}.`),
  ]);
}

const keys = keysOf(z.toJSONSchema(agentDefinitionSchema, { io: 'input', unrepresentable: 'any' }) as ObjectSchema);

test('there are keys, nested ones too', () => {
  expect(keys).toEqual(expect.arrayContaining(['name', 'limits', 'limits.deadline', 'context.keepFirst']));
});

test.each(keys)('docs/agents.md has a row for %s', (key) => {
  expect(doc).toContain(`\n| \`${key}\` |`);
});

test('docs/agents.md has no row for a key there is not', () => {
  const rows = [...doc.matchAll(/^\| `((?:parameters|limits|context)\.\w+)` \|/gm)].map(([, key]) => key);
  expect(rows.filter((key) => !keys.includes(key ?? ''))).toEqual([]);
});

test('docs/agents.md names every built-in tool', () => {
  expect(BUILTIN_TOOLS.filter(({ name }) => !doc.includes(`\`${name}\``)).map(({ name }) => name)).toEqual([]);
});

test('the examples in docs/agents.md are valid', () => {
  const blocks = [...doc.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => parseDocument(text ?? '').toJS());
  expect(blocks.length).toBeGreaterThan(4);
  for (const block of blocks) {
    const whole = { name: 'example', instructions: 'x', ...block };
    expect(agentDefinitionSchema.safeParse(whole).error).toBeUndefined();
  }
});

test('a project without agents has the ones in agents/, and a worker can run them', async () => {
  const { agents, builtInAgents } = await loadProject(path.join(root, 'docs'));
  expect(builtInAgents).toBe(true);
  const names = readdirSync(path.join(root, 'agents')).map((file) => file.replace('.yaml', ''));
  expect(names).toEqual(['assistant', 'editor', 'reporter']);
  const definitions: AgentDefinition[] = agents.map(({ definition }) => definition);
  const { catalogue } = assemble({ agents: definitions, env: {}, home: '.holdfast' }).services;
  for (const name of names) expect(catalogue.resolve(name)).toMatchObject({ name, model: 'simulated/rules' });
});
