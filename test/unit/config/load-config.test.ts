import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROVIDERS } from '../../../activities/providers';
import { configData, configText, referenceText, valuesAt } from '../../../apps/cli/config-text';
import { styleFor } from '../../../apps/cli/style';
import { assemblySettings, defaultModelOf } from '../../../workers/config/apply';
import { environmentOf } from '../../../workers/config/environment';
import { keyText, leaves, parseKey } from '../../../workers/config/keys';
import { type ConfigSources, loadConfig } from '../../../workers/config/load-config';
import { PROVIDER_NAMES } from '../../../workers/config/schema';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'holdfast-config-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string): void {
  writeFileSync(path.join(root, name), text);
}

function load(more: Partial<ConfigSources> = {}) {
  return loadConfig({ root, env: {}, ...more });
}

function origins(more: Partial<ConfigSources> = {}): Record<string, [unknown, string]> {
  return Object.fromEntries(load(more).entries.map(({ path: at, value, origin }) => [keyText(at), [value, origin]]));
}

describe('layers', () => {
  test('without anything, the defaults', () => {
    const { settings, profile, file } = load();
    expect({ profile, file }).toEqual({ profile: 'development', file: undefined });
    expect(settings.worker).toEqual({ taskQueue: 'holdfast', registry: 'default', shutdownGrace: 60_000 });
    expect(settings).toMatchObject({ simulateWithoutKey: true, log: { format: 'auto' }, providers: {}, prices: {} });
  });

  test('defaults, file, profile of the file, environment, flags: each above the one before, and told', () => {
    write(
      'holdfast.yaml',
      [
        'version: 1',
        'worker:',
        '  taskQueue: file',
        '  shutdownGrace: 5s',
        '  maxConcurrentActivities: 7',
        'temporal: { address: file:1, namespace: file }',
        'profiles:',
        '  production:',
        '    worker: { shutdownGrace: 2m, maxConcurrentActivities: 8 }',
        '    temporal:',
        '      namespace: profile',
      ].join('\n'),
    );
    const env = { HOLDFAST_WORKER_MAX_CONCURRENT_ACTIVITIES: '9', TEMPORAL_NAMESPACE: 'env' };
    const flags = [{ key: 'temporal.namespace', value: 'flag', flag: '--namespace' }];
    expect(origins({ env, flags, profile: 'production' })).toMatchObject({
      'log.format': ['json', 'default of production'],
      'worker.taskQueue': ['file', 'holdfast.yaml:3'],
      'worker.shutdownGrace': ['2m', 'holdfast.yaml:9 (production)'],
      'worker.maxConcurrentActivities': [9, 'HOLDFAST_WORKER_MAX_CONCURRENT_ACTIVITIES'],
      'temporal.address': ['file:1', 'holdfast.yaml:6'],
      'temporal.namespace': ['flag', '--namespace'],
    });
    expect(origins()['worker.shutdownGrace']).toEqual(['5s', 'holdfast.yaml:4']);
    expect(load({ env: { HOLDFAST_PROFILE: 'production' } }).settings.worker.shutdownGrace).toBe(120_000);
  });

  test.each(leaves().filter(({ path: at }) => !at.includes('*')))('$path has a variable of its type', (leaf) => {
    const samples: Record<string, [string, unknown]> = {
      number: ['12', 12],
      'yes-or-no': ['false', false],
      'length of time': ['3s', '3s'],
      text: ['a/b', 'a/b'],
      JSON: ['{}', {}],
    };
    const special: Record<string, string> = {
      'log.levels': 'debug',
      'worker.registry': 'acme',
      'approvals.keyVariable': 'A_KEY',
      'approvals.webhook.keyVariable': 'A_KEY',
      'approvals.webhook.url': 'https://a.example/x',
    };
    const own = special[keyText(leaf.path)];
    const [text, value] = leaf.choices
      ? [leaf.choices[1] as string, leaf.choices[1]]
      : own !== undefined
        ? [own, own]
        : (samples[leaf.kind] as [string, unknown]);
    const variable = `HOLDFAST_${leaf.path.join('_').replace(/[A-Z]/g, '_$&').toUpperCase()}`;
    expect(origins({ env: { [variable]: text } })[keyText(leaf.path)]).toEqual([value, variable]);
  });

  test('maps are given whole as JSON, and entries that are known have variables of their own', () => {
    write('holdfast.yaml', 'version: 1\nproviders:\n  my-server: { type: openai, baseUrl: http://a.example/v1 }\n');
    const env = {
      HOLDFAST_PROVIDERS_MY_SERVER_BASE_URL: 'http://b.example/v1',
      HOLDFAST_PROVIDERS_MY_SERVER_TIMEOUTS_FIRST_BYTE: '5m',
      HOLDFAST_PRICES: '{"my-server/*": {"inputPerMillion": 1, "outputPerMillion": 2}}',
      HOLDFAST_PRICES_MY_SERVER_OUTPUT_PER_MILLION: '3',
      OPENAI_BASE_URL: 'http://c.example/v1',
    };
    const { providerSettings, prices } = assemblySettings(load({ env }).settings, env);
    expect(providerSettings).toEqual({
      'my-server': { type: 'openai', baseURL: 'http://b.example/v1', timeouts: { firstByteMs: 300_000 } },
      openai: { baseURL: 'http://c.example/v1', timeouts: {} },
    });
    expect(prices).toEqual({ 'my-server/*': { inputPerMillion: 1, outputPerMillion: 3 } });
  });

  test('a variable set to nothing is not set; Temporal’s own profiles are above the file', () => {
    write('holdfast.yaml', 'version: 1\ntemporal: { address: file:1 }');
    expect(origins({ env: { TEMPORAL_ADDRESS: ' ' } })['temporal.address']).toEqual(['file:1', 'holdfast.yaml:2']);
    expect(origins({ env: { TEMPORAL_PROFILE: 'cloud' } })['temporal.address']).toBeUndefined();
  });

  test('variables that are nearly those of settings are told', () => {
    const env = {
      HOLDFAST_WORKER_TASKQUEUE: 'x',
      HOLDFAST_PROVIDERS_NOBODY_BASE_URL: 'http://x',
      HOLDFAST_WORKER_TASK_QUEUE: 'q',
      HOLDFAST_PROVIDERS_OPENAI_API: 'chat',
      HOLDFAST_PRICES: '{"a/b": {"inputPerMillion": 1, "outputPerMillion": 1}}',
      HOLDFAST_PRICES_A_B_INPUT_PER_MILLION: '2',
      HOLDFAST_HOME: '/x',
      HOLDFAST_LOG: 'info',
    };
    expect(load({ env }).stray).toEqual(['HOLDFAST_WORKER_TASKQUEUE', 'HOLDFAST_PROVIDERS_NOBODY_BASE_URL']);
  });

  test('what the rest of the process reads from its environment', () => {
    write('holdfast.yaml', 'version: 1\ntemporal: { address: a:1, port: 0 }\nlog: { levels: debug }');
    expect(environmentOf(load().settings)).toEqual({
      TEMPORAL_ADDRESS: 'a:1',
      HOLDFAST_TEMPORAL_PORT: '0',
      HOLDFAST_LOG: 'debug',
    });
  });
});

describe('kinds of files', () => {
  test.each([
    ['holdfast.yml', 'version: 1\nworker:\n  taskQueue: q', 3],
    ['holdfast.toml', 'version = 1\n\n[worker]\ntaskQueue = "q"', 4],
    ['holdfast.json', '{\n  "$schema": "x", "version": 1,\n  "worker": {\n    "taskQueue": "q" } }', 4],
  ])('%s', (name, text, line) => {
    write(name, text);
    expect(origins()['worker.taskQueue']).toEqual(['q', `${name}:${line}`]);
  });

  test('two of them are one too many', () => {
    write('holdfast.yaml', 'version: 1');
    write('holdfast.toml', 'version = 1');
    expect(() => load()).toThrow('holdfast.yaml and holdfast.toml');
  });

  test('comments alone, and keys with nothing below them, are nothing', () => {
    write('holdfast.yaml', '# nothing yet\n');
    expect(load().settings.worker.taskQueue).toBe('holdfast');
    write('holdfast.yaml', 'version: 1\nworker:\n  # taskQueue: x\nprofiles:\n');
    expect(load().settings.worker.taskQueue).toBe('holdfast');
  });
});

describe('mistakes', () => {
  test.each([
    [
      'an unknown key',
      'worker:\n  taskQeue: x',
      'holdfast.yaml:3: worker.taskQeue: unknown key',
      'Did you mean taskQueue?',
    ],
    ['an unknown section', 'wroker: {}', 'holdfast.yaml:2: wroker: unknown key', 'Did you mean worker?'],
    [
      'in a profile',
      'profiles:\n  production:\n    log: { fromat: json }',
      'holdfast.yaml:4: profiles.production.log.fromat: unknown key',
      'format',
    ],
    [
      'a wrong type',
      'worker: { maxConcurrentActivities: many }',
      'worker.maxConcurrentActivities: expected number, received string',
      'configuration.md',
    ],
    [
      'a wrong choice',
      'log: { format: nice }',
      'log.format: expected one of "auto"|"pretty"|"json"',
      'configuration.md',
    ],
    ['no length of time', 'worker: { shutdownGrace: soon }', 'not a positive duration: "soon"', 'configuration.md'],
    ['no levels', 'log: { levels: loud }', 'not a log level', 'configuration.md'],
    [
      'a price that is none',
      'prices: { "openai/x": { inputPerMillion: -1, outputPerMillion: 1 } }',
      'prices.openai/x.inputPerMillion',
      'configuration.md',
    ],
    ['no address', 'providers: { openai: { baseUrl: here } }', 'not an http(s) address', 'configuration.md'],
    [
      'a provider of no type',
      'providers: { mine: { baseUrl: "http://x/v1" } }',
      'providers.mine: nothing says whose protocol',
      'type: openai',
    ],
    ['a bad name', 'providers: { My_Server: {} }', 'lower-case letters', 'configuration.md'],
    ['broken syntax', 'worker: [', 'holdfast.yaml:2', 'YAML syntax'],
    ['no mapping', null, 'not a mapping', 'version: 1'],
    ['a version to come', undefined, 'reads up to 1', 'newer one'],
  ])('%s', (_what, text, message, hint) => {
    write('holdfast.yaml', text === null ? '- a' : text === undefined ? 'version: 7' : `version: 1\n${text}`);
    expect(() => load()).toThrow(expect.objectContaining({ code: 'Config.Invalid' }));
    expect(() => load()).toThrow(message);
    expect(() => load()).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
  });

  test('in TOML, with the line too', () => {
    write('holdfast.toml', 'version = 1\n[worker]\ntaskQueue = 4');
    expect(() => load()).toThrow('holdfast.toml:3: worker.taskQueue: expected string');
    write('holdfast.toml', 'version = 1\nworker = ');
    expect(() => load()).toThrow(/holdfast\.toml:2: /);
  });

  test.each([
    ['HOLDFAST_WORKER_MAX_CONCURRENT_ACTIVITIES', 'many', 'expected a number, not "many"'],
    ['HOLDFAST_WORKER_MAX_CONCURRENT_ACTIVITIES', '0', 'worker.maxConcurrentActivities'],
    ['HOLDFAST_SIMULATE_WITHOUT_KEY', 'yes', 'true or false'],
    ['HOLDFAST_LOG', 'loud', 'log.levels: not a log level'],
    ['HOLDFAST_PRICES', '[]', 'expected a JSON object'],
    ['HOLDFAST_PROFILE', 'prodction', 'no profile "prodction"'],
  ])('in the environment: %s=%s', (variable, text, message) => {
    expect(() => load({ env: { [variable]: text } })).toThrow(message);
    expect(() => load({ env: { [variable]: text } })).toThrow(variable);
  });

  test.each([
    'sk-proj-abcdefgh12345678',
    'ghp_abcdefgh12345678',
    'eyJhbGciOi.eyJzdWIi.x',
    'https://user:hunter2@host/v1',
  ])('a credential in the file is refused, and not repeated: %s', (secret) => {
    write('holdfast.yaml', `version: 1\nproviders: { openai: { baseUrl: "${secret}" } }`);
    expect(() => load()).toThrow('providers.openai.baseUrl: this looks like a credential');
    expect(() => load()).not.toThrow(secret);
  });

  test('a name that would change every object is refused, and changes none', () => {
    const env = { HOLDFAST_PROVIDERS: '{"__proto__": {"polluted": true}}' };
    expect(() => load({ env })).toThrow('HOLDFAST_PROVIDERS');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('the environment may hold an address with a password, which is shown nowhere', () => {
    const env = { OPENAI_BASE_URL: 'https://user:hunter2@proxy.example/v1' };
    const config = load({ env });
    expect(config.settings.providers.openai?.baseUrl).toBe(env.OPENAI_BASE_URL);
    const told = [configText(config, true, styleFor({})), JSON.stringify(configData(config))];
    told.push(valuesAt(config, 'providers.openai.baseUrl').text, valuesAt(config, 'providers').text);
    for (const text of told) {
      expect(text).toContain('not shown');
      expect(text).not.toContain('hunter2');
    }
  });

  test('a key named apiKey is sent to the environment', () => {
    write('holdfast.yaml', 'version: 1\nproviders: { openai: { apiKey: x } }');
    expect(() => load()).toThrow(expect.objectContaining({ hint: expect.stringContaining('environment') }));
  });
});

test('what commands show of settings', () => {
  write('holdfast.yaml', 'version: 1\nworker: { taskQueue: mine }\n');
  const config = load();
  const [heading, , head, ...rows] = configText(config, false, styleFor({})).split('\n');
  expect(heading).toBe('holdfast.yaml · profile development');
  expect(head?.split(/ {2,}/)).toEqual(['setting', 'value']);
  expect(rows).toContainEqual(expect.stringMatching(/^worker\.taskQueue +mine$/));
  expect(configText(load({ root: path.join(root, 'none') }), true, styleFor({}))).toMatch(
    /^no file · profile development\n\nsetting +value +from\n/,
  );
  expect(valuesAt(config, 'worker.taskQueue')).toEqual({ value: 'mine', text: 'mine' });
  expect(valuesAt(config, 'worker')).toEqual({
    value: { taskQueue: 'mine', registry: 'default', shutdownGrace: '60s' },
    text: 'taskQueue = mine\nregistry = default\nshutdownGrace = 60s',
  });
  // A setting there is, which nobody has set.
  expect(valuesAt(config, 'worker.maxConcurrentActivities')).toEqual({ value: undefined, text: '' });
  expect(() => valuesAt(config, 'wroker')).toThrow(expect.objectContaining({ code: 'Config.Invalid' }));
});

test('the reference tells of defaults where there are any', () => {
  const row = { key: 'a.b', type: 'text', default: '', variables: ['A_B', 'AB'], description: 'What it is.' };
  expect(referenceText([row, { ...row, default: 'x' }], styleFor({}))).toBe(
    'a.b  text\n  What it is.\n  A_B, AB\na.b  text, default x\n  What it is.\n  A_B, AB',
  );
});

describe('profiles', () => {
  test.each([
    [{ profile: 'x' }, '--profile: there is no profile "x"', 'Profiles here: development, production, night.'],
    [{ env: { HOLDFAST_PROFILE: 'nigh' } }, 'HOLDFAST_PROFILE: there is no profile "nigh"', 'Did you mean night?'],
  ])('one that is not there: %j', (given, message, hint) => {
    write('holdfast.yaml', 'version: 1\nprofiles: { night: {} }');
    expect(() => load(given)).toThrow(expect.objectContaining({ message, hint }));
  });

  test('production has no simulated model by default, and logs JSON', () => {
    const { settings } = load({ profile: 'production' });
    expect(settings.log.format).toBe('json');
    expect(defaultModelOf(settings, {})).toBeUndefined();
    expect(defaultModelOf(settings, { OPENAI_API_KEY: 'x' })).toMatch(/^openai\//);
    expect(defaultModelOf(load().settings, {})).toBe('simulated/rules');
  });

  test('one of the file’s own starts from development', () => {
    write('holdfast.yaml', 'version: 1\nprofiles: { staging: { defaultModel: openai/gpt-5-mini } }');
    const { settings } = load({ profile: 'staging' });
    expect(defaultModelOf(settings, {})).toBe('openai/gpt-5-mini');
    expect(settings.simulateWithoutKey).toBe(true);
  });
});

test('the key of a server of one’s own comes from the variable it names', () => {
  write(
    'holdfast.yaml',
    'version: 1\nproviders: { groq: { type: openai, baseUrl: "https://x.example/v1", keyVariable: GROQ_API_KEY } }',
  );
  const env = { GROQ_API_KEY: 'canary' };
  const config = load({ env });
  expect(assemblySettings(config.settings, env).providerSettings).toMatchObject({ groq: { apiKey: 'canary' } });
  expect(JSON.stringify(config)).not.toContain('canary');
});

test('the providers that are named here are those there are', () => {
  expect(PROVIDER_NAMES).toEqual(PROVIDERS.map(({ name }) => name));
});

test.each([
  ['worker.taskQueue', ['worker', 'taskQueue']],
  ['prices.openai/gpt-4.1.inputPerMillion', ['prices', 'openai/gpt-4.1', 'inputPerMillion']],
  ['prices["openai/gpt-4.1"].inputPerMillion', ['prices', 'openai/gpt-4.1', 'inputPerMillion']],
  ['providers.my-server.timeouts.firstByte', ['providers', 'my-server', 'timeouts', 'firstByte']],
  ['providers.openai', ['providers', 'openai']],
])('the key %s', (text, names) => {
  expect(parseKey(text)).toEqual(names);
});
