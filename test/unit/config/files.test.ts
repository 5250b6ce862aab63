import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { parseConfigFile, requireSound } from '../../../workers/config/config-file';
import { SCHEMA_LINE, withSetting } from '../../../workers/config/edit-file';
import { configJsonSchema } from '../../../workers/config/keys';
import { lineDiff } from '../../../workers/config/line-diff';
import { migratedText } from '../../../workers/config/migrate-file';
import { configTable } from '../../../workers/config/reference';

const ROOT = path.resolve(__dirname, '..', '..', '..');

const WRITTEN = `# Our settings.

version: 1 # the format
worker:
  # Where runs wait.
  taskQueue: old # for now
prices: # in dollars
  openai/gpt-4.1: { inputPerMillion: 2, outputPerMillion: 8 }
`;

describe('set', () => {
  test.each([
    ['worker.taskQueue', 'new', undefined, 'taskQueue: new # for now'],
    ['prices.openai/gpt-4.1.inputPerMillion', '0.5', undefined, 'inputPerMillion: 0.5'],
    ['worker.shutdownGrace', '30s', undefined, 'shutdownGrace: 30s'],
    ['log.format', 'json', 'production', 'profiles:\n  production:\n    log:\n      format: json'],
    ['simulateWithoutKey', 'false', undefined, 'simulateWithoutKey: false'],
  ])('%s in YAML keeps comments', (key, value, profile, expected) => {
    const text = withSetting({ name: 'holdfast.yaml', text: WRITTEN }, key, value, profile);
    expect(text).toContain(expected);
    for (const comment of WRITTEN.match(/#.*/g) ?? []) expect(text).toContain(comment);
    expect(parseConfigFile(text, 'holdfast.yaml').problems).toEqual([]);
  });

  test('below a key that holds nothing yet', () => {
    const text = withSetting({ name: 'holdfast.yaml', text: 'version: 1\nworker:\n' }, 'worker.taskQueue', 'q');
    expect(parse(text)).toEqual({ version: 1, worker: { taskQueue: 'q' } });
  });

  test('in JSON', () => {
    const text = withSetting({ name: 'holdfast.json', text: '{"version": 1}' }, 'worker.taskQueue', 'q');
    expect(JSON.parse(text)).toEqual({ version: 1, worker: { taskQueue: 'q' } });
  });

  test.each([
    ['worker.taskQ', 'x', 'no setting "worker.taskQ"'],
    ['worker', 'x', 'no setting "worker"'],
    ['nothing.at.all', 'x', 'no setting'],
    ['worker.maxConcurrentActivities', 'many', 'expected a number'],
    ['worker.maxConcurrentWorkflowTasks', '1', 'worker.maxConcurrentWorkflowTasks'],
    ['log.format', 'nice', 'one of auto, pretty, json'],
    ['providers.openai.baseUrl', 'https://u:secret@x', 'credential'],
  ])('%s %s is refused', (key, value, message) => {
    const set = () => withSetting({ name: 'holdfast.yaml', text: WRITTEN }, key, value);
    expect(set).toThrow(expect.objectContaining({ code: 'Config.Invalid', hint: expect.stringMatching(/./) }));
    expect(set).toThrow(message);
  });

  test('TOML is left to its author, whose comments would be lost', () => {
    const set = () => withSetting({ name: 'holdfast.toml', text: 'version = 1' }, 'worker.taskQueue', 'q');
    expect(set).toThrow('cannot be changed');
  });
});

describe('version 0', () => {
  const yaml = '# Ours.\nmodel: openai/gpt-5-mini # cheap\nprofiles:\n  production:\n    model: openai/gpt-5\n';

  test('is read as it is', () => {
    const file = parseConfigFile(yaml, 'holdfast.yaml');
    expect(file).toMatchObject({ version: 0, problems: [] });
    expect(file.value).toEqual({
      version: 1,
      defaultModel: 'openai/gpt-5-mini',
      profiles: { production: { defaultModel: 'openai/gpt-5' } },
    });
  });

  test.each([
    ['holdfast.yaml', yaml],
    ['holdfast.toml', '# Ours.\nmodel = "openai/gpt-5-mini" # cheap\n[profiles.production]\nmodel = "openai/gpt-5"\n'],
    ['holdfast.json', JSON.stringify(parse(yaml))],
  ])('%s is written anew with its comments, and then is what it was', (name, text) => {
    const before = parseConfigFile(text, name);
    const changed = migratedText(before);
    const after = parseConfigFile(changed, name);
    expect(after).toMatchObject({ version: 1, problems: [], value: before.value });
    for (const comment of text.match(/#.*/g) ?? []) expect(changed).toContain(comment);
    expect(migratedText(after)).toBe(changed);
  });

  test.each<[string, string, string, string]>([
    ['no settings at all', 'holdfast.yaml', '# Nothing yet.\n', '# Nothing yet.\nversion: 1\n'],
    [
      'a profile that holds nothing',
      'holdfast.yaml',
      'profiles:\n  production:\n',
      'version: 1\nprofiles:\n  production:\n',
    ],
    [
      'settings of other tables, whose names stay',
      'holdfast.toml',
      'version = 0\nmodel = "a/b"\n[worker]\ntaskQueue = "q"\n',
      'version = 1\ndefaultModel = "a/b"\n[worker]\ntaskQueue = "q"\n',
    ],
    [
      'a setting that kept its name',
      'holdfast.toml',
      'simulateWithoutKey = true\nmodel = "a/b"\n',
      'version = 1\nsimulateWithoutKey = true\ndefaultModel = "a/b"\n',
    ],
    [
      'a profile that kept its names',
      'holdfast.yaml',
      'model: a/b\nprofiles:\n  production:\n    simulateWithoutKey: false\n',
      'version: 1\ndefaultModel: a/b\nprofiles:\n  production:\n    simulateWithoutKey: false\n',
    ],
  ])('with %s', (_what, name, text, expected) => {
    const before = parseConfigFile(text, name);
    expect(before.problems).toEqual([]);
    expect(migratedText(before)).toBe(expected);
    expect(parseConfigFile(expected, name).value).toEqual({ ...before.value, version: 1 });
  });

  test('both names at once are a mistake', () => {
    expect(() => parseConfigFile('model: a/b\ndefaultModel: a/c', 'holdfast.yaml')).toThrow('under its old name');
  });
});

test.each([
  ['version: 99', 'reads up to 1', 'newer'],
  ['version: -1', 'not a version', 'Write "version: 1"'],
  ['version: "1"', 'not a version', 'Write "version: 1"'],
])('%s is refused', (text, message, hint) => {
  const { problems } = parseConfigFile(`# Ours.\n${text}\n`, 'holdfast.yaml');
  expect(problems).toEqual([
    expect.objectContaining({ file: 'holdfast.yaml', line: 2, path: 'version', hint: expect.stringContaining(hint) }),
  ]);
  expect(problems[0]?.message).toContain(message);
});

test('of several problems the first is told, and how many there are', () => {
  const file = parseConfigFile('version: 1\nwroker: {}\nlgo: {}\n', 'holdfast.yaml');
  expect(() => requireSound(file)).toThrow(/^holdfast\.yaml:\d: .*\(and 1 more\)$/);
});

test('a length of time in plain digits is milliseconds, also from a command', () => {
  const text = withSetting({ name: 'holdfast.yaml', text: WRITTEN }, 'worker.shutdownGrace', '1500');
  expect(parse(text)).toMatchObject({ worker: { shutdownGrace: 1_500 } });
});

test('a diff tells what goes and what comes', () => {
  expect(lineDiff('a\nb\nc', 'v\na\nB\nc')).toEqual(['+ v', '  a', '- b', '+ B', '  c']);
});

describe('what is published', () => {
  const published = JSON.parse(readFileSync(path.join(ROOT, 'docs/schemas/holdfast.config.json'), 'utf8'));

  test('the JSON Schema is that of this version: node scripts/config-docs.mjs', () => {
    expect(published).toEqual(configJsonSchema());
  });

  test('it accepts and refuses what Holdfast does', () => {
    const valid = new Ajv({ allowUnionTypes: true, formats: { uri: true } }).compile(published);
    expect(valid(parse(WRITTEN))).toBe(true);
    expect(valid({ version: 1, worker: { taskQeue: 'x' } })).toBe(false);
    expect(valid({ worker: {} })).toBe(false);
  });

  test('editors find it in the package', () => {
    const { files } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    expect(files).toContain('docs/schemas');
    expect(SCHEMA_LINE).toMatch(/\$schema=node_modules\/holdfast\/docs\/schemas\/holdfast\.config\.json$/);
  });

  test('the table of settings is that of this version: node scripts/config-docs.mjs', () => {
    expect(readFileSync(path.join(ROOT, 'docs/configuration.md'), 'utf8')).toContain(configTable());
  });
});
