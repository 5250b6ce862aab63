import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { useCliWithin } from './cli-within';

/** Commands that work on the files of a project and need no server. */

const within = useCliWithin('cli-files');
const { cli, write } = within;

const at = (file: string): string => path.join(within.folder, file);
const text = (file: string): string => readFileSync(at(file), 'utf8');

async function json(...args: string[]) {
  const { stdout } = await cli(...args, '--json');
  return JSON.parse(stdout);
}

afterEach(() => {
  for (const file of ['holdfast.yaml', 'holdfast.yaml.bak', 'agents', 'tools', 'inner']) {
    rmSync(at(file), { recursive: true, force: true });
  }
});

describe('config', () => {
  test('set makes the file where there is none, and keeps the one before where there is', async () => {
    expect(await json('config', 'set', 'worker.taskQueue', 'q')).toEqual({
      file: 'holdfast.yaml',
      key: 'worker.taskQueue',
      backup: null,
    });
    const first = text('holdfast.yaml');
    expect(first).toMatch(/version: 1\nworker:\n {2}taskQueue: q/);
    expect(await cli('config', 'set', 'log.format', 'json', '--in-profile', 'production')).toMatchObject({
      code: 0,
      stdout: 'holdfast.yaml: log.format is json\n',
    });
    expect(text('holdfast.yaml.bak')).toBe(first);
    expect(text('holdfast.yaml')).toMatch(/profiles:\n {2}production:\n {4}log:\n {6}format: json/);
  });

  test('get exits with 1 where a setting has no value', async () => {
    expect(await cli('config', 'get', 'worker.maxConcurrentActivities')).toMatchObject({ code: 1, stdout: '\n' });
    expect((await cli('config', 'get', 'worker.maxConcurrentActivities', '--json')).stdout).toBe('null\n');
  });

  test('validate: no file, a sound one, an older one', async () => {
    expect(await cli('config', 'validate')).toMatchObject({ code: 0, stdout: 'ok   no file: the defaults\n' });
    expect(await json('config', 'validate')).toMatchObject({ valid: true, file: null, version: 1, problems: [] });
    write('holdfast.yaml', 'version: 1\n');
    expect((await cli('config', 'validate')).stdout).toBe('ok   holdfast.yaml\n');
    write('holdfast.yaml', 'model: simulated/rules\n');
    const older = await cli('config', 'validate');
    expect(older).toMatchObject({ code: 0, stderr: expect.stringContaining('version 0; holdfast config migrate') });
    expect((await cli('doctor')).stdout).toMatch(
      /warn {2}settings +holdfast\.yaml is of version 0[\s\S]*config migrate/,
    );
  });

  test('validate tells each problem with its place and a hint, of the environment too', async () => {
    write('holdfast.yaml', 'version: 1\nwroker: {}\n');
    const wrong = await cli('config', 'validate');
    expect(wrong).toMatchObject({ code: 2, stderr: '' });
    expect(wrong.stdout).toMatch(/^bad {2}holdfast\.yaml:2: wroker: unknown key\n {5}Did you mean worker\?/);
    const doctor = await cli('doctor');
    expect(doctor).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/fail {2}settings +.*wroker[\s\S]*validate/),
    });
    write('holdfast.yaml', 'version: 1\n');
    process.env.HOLDFAST_WORKER_MAX_CONCURRENT_ACTIVITIES = 'many';
    try {
      expect(await cli('config', 'validate')).toMatchObject({
        code: 2,
        stdout: expect.stringMatching(/bad {2}settings: .*MAX_CONCURRENT_ACTIVITIES/),
      });
    } finally {
      delete process.env.HOLDFAST_WORKER_MAX_CONCURRENT_ACTIVITIES;
    }
    process.env.HOLDFAST_WORKER_TASK_QEUE = 'q';
    try {
      expect(await cli('config', 'validate')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('warn HOLDFAST_WORKER_TASK_QEUE is set, and is no setting'),
      });
    } finally {
      delete process.env.HOLDFAST_WORKER_TASK_QEUE;
    }
  });

  test('migrate: shows, then writes, then has nothing to do', async () => {
    expect(await cli('config', 'migrate')).toMatchObject({ code: 2, stderr: expect.stringContaining('holdfast init') });
    write('holdfast.yaml', 'model: simulated/rules # ours\n');
    const shown = await cli('config', 'migrate', '--dry-run');
    expect(shown.stdout).toMatch(
      /- model: .*\n[\s\S]*\+ defaultModel: .*[\s\S]*version 0 to 1, nothing was written\n$/,
    );
    expect(text('holdfast.yaml')).toBe('model: simulated/rules # ours\n');
    const done = await cli('config', 'migrate');
    expect(done.stdout).toMatch(/version 0 to 1, written; the file before is holdfast\.yaml\.bak\n$/);
    expect(text('holdfast.yaml')).toBe('version: 1\ndefaultModel: simulated/rules # ours\n');
    expect((await cli('config', 'migrate')).stdout).toBe('holdfast.yaml is of version 1 already\n');
    expect(await json('config', 'migrate')).toMatchObject({ changed: false, backup: null, diff: [] });
  });
});

describe('what is begun', () => {
  test('a project in another folder says how to reach it', async () => {
    const { code, stdout } = await cli('init', at('inner'));
    expect(code).toBe(0);
    expect(existsSync(at('inner/holdfast.yaml'))).toBe(true);
    expect(stdout).toMatch(/Next:\n.* run assistant .* --project \S*inner\n.* dev --project/);
    write('inner/README.md', 'Ours.');
    rmSync(at('inner/holdfast.yaml'));
    for (const folder of ['agents', 'tools']) rmSync(at(`inner/${folder}`), { recursive: true });
    expect((await cli('init', at('inner'))).stdout).toMatch(/kept {2}README\.md +it was there/);
    expect(text('inner/README.md')).toBe('Ours.');
  });

  test('a tool without a sample takes a text; names and samples that will not do are refused', async () => {
    expect((await cli('create', 'tool', 'look_up')).stdout).toContain('tools: [look_up]');
    expect(text('tools/look-up.ts')).toContain('text: z.string()');
    expect(await cli('create', 'tool', 'Look Up')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no name'),
    });
    write('sample.json', '[1]');
    expect(await cli('create', 'tool', 'other', '--from-json', at('sample.json'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('neither an object nor a list of objects'),
    });
    write('sample.json', '{');
    expect(await cli('create', 'tool', 'other', '--from-json', at('sample.json'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no JSON file'),
    });
    expect(existsSync(at('tools/other.ts'))).toBe(false);
  });

  test('an agent that is not valid is told, and the exit code with it', async () => {
    write('agents/bad.yaml', 'limits: 3\n');
    expect(await cli('agent', 'validate')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('agents/bad.yaml'),
    });
    expect((await cli('agent', 'show', 'bad')).code).toBe(2);
  });
});

describe('completion', () => {
  const words = async (...line: string[]): Promise<string[]> => {
    const { code, stdout } = await cli('__complete', '--', '--project', within.folder, ...line);
    expect(code).toBe(0);
    return stdout.split('\n').flatMap((one) => one.split('\t')[0] || []);
  };

  test.each<[string[], string[]]>([
    [['runs', 'wa'], ['watch']],
    [['run', '--bud'], ['--budget']],
    [['runs', 'list', '--status', 'st'], ['stopped']],
    [['config', 'get', 'worker.taskQ'], ['worker.taskQueue']],
    [['config', 'get', '--profile', 'prod'], ['production']],
    [['config', 'set', '--in-profile', 'ni'], ['night']],
    [['completion', 'z'], ['zsh']],
    [['run', 'named'], ['named-otherwise']],
    // A flag with a value, one without, and one nobody knows stand in no argument's place.
    [['run', '--budget', '2', '--detach', '--nonsense', 'wri'], ['writer']],
    [['run', 'writer', ''], []],
    [['run', '--budget', ''], []],
    // Nothing runs that could tell of runs.
    [['runs', 'show', ''], []],
    [['nothing', 'at', 'all'], []],
  ])('%j', async (line, expected) => {
    write('holdfast.yaml', 'version: 1\nprofiles: { night: {} }\n');
    write('agents/writer.yaml', 'instructions: x\n');
    write('agents/other.yaml', 'name: named-otherwise\ninstructions: x\n');
    expect(await words(...line)).toEqual(expected);
  });

  test('a project without agents has the built-in ones; without a file the profiles there are', async () => {
    expect(await words('chat', '')).toEqual(expect.arrayContaining(['assistant', 'editor', 'reporter']));
    expect(await words('dev', '--profile', '')).toEqual(['development', 'production']);
  });

  test('a broken file of settings breaks no completion', async () => {
    write('holdfast.yaml', 'version: [');
    expect(await words('runs', 'show', '')).toEqual([]);
    expect(await words('conf')).toEqual(['config']);
  });
});

test.each([['--detach'], ['--after', '10m'], ['--at', '2099-01-01']])(
  '%s leaves nothing to follow',
  async (...flag) => {
    expect(await cli('run', 'assistant', 'x', ...flag, '--follow')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`option '${flag[0]}' cannot be used with '--follow'`),
    });
  },
);

test('nothing said is answered with what could be', async () => {
  expect((await cli('runs', 'list', '--limit', 'many')).code).toBe(2);
  expect((await cli('--help')).stdout).toContain('Usage');
});
