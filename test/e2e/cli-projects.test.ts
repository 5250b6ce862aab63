import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startVendorServer } from '../../testing/vendor-server';
import { parseConfigFile } from '../../workers/config/config-file';
import { CliProcess } from './cli-harness';
import { useCliHere } from './cli-within';

/** New projects, agents and tools: what is generated is run. Settings and completion, as a user meets them. */

const ROOT = path.resolve(__dirname, '..', '..');
const here = useCliHere('cli-projects');
const { cli } = here;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = here.folder;
  env = process.env;
});

/** `npm install holdfast`, without the network. */
function installHere(): void {
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, path.join(folder, 'node_modules', 'holdfast'));
}

function compiles(...files: string[]): void {
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2023'],
    module: 'node16',
    types: ['node'],
    typeRoots: [path.join(ROOT, 'node_modules', '@types')],
    paths: { zod: [path.join(ROOT, 'node_modules', 'zod')] },
    skipLibCheck: true,
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
}

describe('init', () => {
  test('makes a project that runs as its next steps say, is valid, and passes its own test', async () => {
    // As a command of its own: what it tells to run next names it.
    const made = await new CliProcess(['init', '--json'], env, folder).ended;
    expect(made.code).toBe(0);
    const { files, next } = JSON.parse(made.stdout);
    expect(files).toEqual(
      expect.arrayContaining(['holdfast.yaml', 'agents/assistant.yaml', 'tools/word-count.ts', '.gitignore']),
    );
    const first = spawnSync('sh', ['-c', `${next[0]} --json`], { cwd: folder, env, encoding: 'utf8' });
    expect(first.status).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ stopReason: 'completed', toolCalls: 1 });
    expect(first.stdout).toContain('\\"words\\":6');
    for (const command of [
      ['config', 'validate'],
      ['agent', 'validate'],
    ])
      expect((await cli(...command)).code).toBe(0);
    const text = readFileSync(path.join(folder, 'holdfast.yaml'), 'utf8');
    expect(parseConfigFile(text, 'holdfast.yaml')).toMatchObject({ version: 1, problems: [] });
    installHere();
    expect(existsSync(path.join(folder, /\$schema=(\S+)/.exec(text)?.[1] ?? ''))).toBe(true);
    compiles('tools/word-count.ts');
    execFileSync(process.execPath, ['--test'], { cwd: folder, stdio: 'pipe' });
  }, 120_000);

  test('overwrites nothing', async () => {
    writeFileSync(path.join(folder, 'holdfast.yaml'), 'version: 1');
    const refused = await cli('init', '--json');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(refused.stderr).error.message).toContain('holdfast.yaml');
    expect(existsSync(path.join(folder, 'agents'))).toBe(false);
    rmSync(path.join(folder, 'holdfast.yaml'));
    writeFileSync(path.join(folder, 'README.md'), 'mine');
    expect(await cli('init')).toMatchObject({ code: 0, stdout: expect.stringMatching(/kept +README\.md/) });
    expect(readFileSync(path.join(folder, 'README.md'), 'utf8')).toBe('mine');
  }, 60_000);
});

test('create: what is made compiles and passes its own test; names that will not do are refused', async () => {
  const samples = [
    { order: 17, 'ship to': { city: 'Oslo', lines: ['a', 'b'] }, express: true, note: null },
    { order: 18.5, 'ship to': { city: 'Rome', lines: [] }, note: 'x', __proto__x: [1, 'two', [true]] },
  ];
  writeFileSync(path.join(folder, 'sample.json'), JSON.stringify(samples));
  expect((await cli('create', 'tool', 'plain')).code).toBe(0);
  expect((await cli('create', 'tool', 'look-up-order', '--from-json', 'sample.json')).code).toBe(0);
  const source = readFileSync(path.join(folder, 'tools', 'look-up-order.ts'), 'utf8');
  for (const part of [
    'express: z.boolean().optional()',
    'note: z.string().nullable()',
    '"ship to": z.strictObject({',
  ]) {
    expect(source).toContain(part);
  }
  expect((await cli('create', 'agent', 'clerk')).code).toBe(0);
  const shown = await cli('agent', 'show', 'clerk', '--json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ agent: { name: 'clerk' }, file: 'agents/clerk.yaml' });
  installHere();
  compiles('tools/plain.ts', 'tools/look-up-order.ts');
  execFileSync(process.execPath, ['--test'], { cwd: folder, stdio: 'pipe' });
  for (const args of [
    ['tool', 'Bad Name'],
    ['tool', 'plain'],
    ['agent', '../x'],
    ['tool', 'other', '--from-json', 'tools/plain.ts'],
  ]) {
    expect(await cli('create', ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('Input.Invalid') });
  }
}, 120_000);

test('create provider: compiles, passes the conformance suite, and answers an agent of the project', async () => {
  expect(await cli('create', 'provider', 'acme-labs', '--base-url', 'https://api.acme.example/v1/')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('export ACME_LABS_API_KEY='),
  });
  installHere();
  compiles('providers/acme-labs.ts');
  const tested = spawnSync(process.execPath, ['--test'], { cwd: folder, encoding: 'utf8' });
  expect(tested.stdout + tested.stderr).toMatch(/# pass 1[0-9]\n# fail 0\n/);
  mkdirSync(path.join(folder, 'agents'));
  writeFileSync(
    path.join(folder, 'agents', 'clerk.yaml'),
    'instructions: x\nmodel: acme-labs/acme-labs-1\ntools: [calculator]',
  );
  // Without the key it says which.
  const keyless = await cli('agent', 'list', '--json');
  expect(JSON.parse(keyless.stdout)).toMatchObject([{ name: 'clerk', model: 'acme-labs/acme-labs-1', ready: false }]);
  expect((await cli('agent', 'show', 'clerk')).stdout).toContain('acme-labs needs ACME_LABS_API_KEY');
  const vendor = await startVendorServer({
    script: [{ toolCalls: [{ name: 'calculator', arguments: { expression: '6*7' } }] }, { text: 'It is 42.' }],
  });
  Object.assign(env, { ACME_LABS_API_KEY: 'key-of-acme-0123', ACME_LABS_BASE_URL: vendor.openaiURL });
  const run = await cli('run', 'clerk', 'What is 6*7?', '--json');
  expect(run).toMatchObject({ code: 0 });
  expect(JSON.parse(run.stdout)).toMatchObject({ output: 'It is 42.', toolCalls: 1, model: 'acme-labs/acme-labs-1' });
  expect(vendor.requests[0]?.headers.authorization).toBe('Bearer key-of-acme-0123');
  vendor.assertDone();
  await vendor.close();
  for (const args of [['Bad'], ['openai'], ['acme-labs'], ['x', '--base-url', 'ftp://x']]) {
    expect(await cli('create', 'provider', ...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Input.Invalid'),
    });
  }
}, 180_000);

describe('settings', () => {
  const OLD = '# Ours.\nmodel: simulated/rules # free\n';

  test('an old file is read as it is, shown, and written anew only when asked', async () => {
    const file = path.join(folder, 'holdfast.yaml');
    writeFileSync(file, OLD);
    const shown = JSON.parse((await cli('config', 'show', '--json')).stdout);
    expect(shown.settings).toContainEqual({ key: 'defaultModel', value: 'simulated/rules', origin: 'holdfast.yaml:2' });
    const dry = await cli('config', 'migrate', '--dry-run');
    expect(dry.stdout).toMatch(
      /\+ version: 1[\s\S]*- model: simulated\/rules # free[\s\S]*\+ defaultModel: simulated\/rules # free/,
    );
    expect(readFileSync(file, 'utf8')).toBe(OLD);
    expect((await cli('doctor')).stdout).toMatch(/warn {2}settings +holdfast\.yaml is of version 0/);
    expect(JSON.parse((await cli('config', 'migrate', '--json')).stdout)).toMatchObject({
      from: 0,
      to: 1,
      backup: 'holdfast.yaml.bak',
    });
    expect(readFileSync(`${file}.bak`, 'utf8')).toBe(OLD);
    expect((await cli('config', 'migrate')).stdout).toContain('already');
    expect((await cli('doctor')).stdout).toMatch(/ok {4}settings +holdfast\.yaml, profile development/);
  }, 60_000);

  test('set, get, list; a mistake is told with its line, and everything else still says so', async () => {
    expect((await cli('config', 'set', 'worker.taskQueue', 'mine')).code).toBe(0);
    expect((await cli('config', 'get', 'worker.taskQueue')).stdout).toBe('mine\n');
    expect((await cli('config', 'get', 'temporal.address')).code).toBe(1);
    expect((await cli('config', 'get', 'worker.taskQ')).code).toBe(2);
    expect((await cli('config', 'list')).stdout).toContain('HOLDFAST_WORKER_TASK_QUEUE');
    expect((await cli('config', 'set', 'log.format', 'json', '--in-profile', 'production')).code).toBe(0);
    const production = await cli('config', 'show', '--origin', '--profile', 'production');
    expect(production.stdout).toMatch(/log\.format +json +holdfast\.yaml:\d+ \(production\)/);
    writeFileSync(path.join(folder, 'holdfast.yaml'), 'version: 1\nworker:\n  taskQeue: x\n');
    expect(await cli('config', 'validate')).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/holdfast\.yaml:3: worker\.taskQeue: unknown key\n +Did you mean taskQueue\?/),
    });
    expect(await cli('runs', 'list')).toMatchObject({ code: 2, stderr: expect.stringContaining('Config.Invalid') });
    expect((await cli('doctor')).stdout).toMatch(/fail {2}settings +holdfast\.yaml:3/);
    expect((await cli('init', 'elsewhere')).code).toBe(0);
  }, 60_000);

  test('in production a run without a key fails clearly', async () => {
    const run = await cli('run', 'assistant', 'Hello', '--profile', 'production', '--json');
    expect(run.code).toBe(1);
    expect(run.stderr + run.stdout).toContain('Model.MissingKey');
    expect((await cli('agent', 'list', '--profile', 'production')).stdout).toContain('(no key)');
  }, 90_000);
});

describe('completion', () => {
  const words = async (...line: string[]) =>
    (await cli('__complete', '--', ...line)).stdout.split('\n').flatMap((text) => text.split('\t')[0] || []);

  test('commands, flags, agents, profiles, keys; nothing and no error where nothing is known', async () => {
    expect(await words('ru')).toEqual(['run', 'runs']);
    expect(await words('')).not.toContain('__complete');
    expect(await words('runs', 'st')).toEqual(expect.arrayContaining(['stop']));
    expect(await words('run', '--in')).toEqual(expect.arrayContaining(['--input-file', '--in']));
    expect(await words('run', '')).toEqual(['assistant', 'editor', 'reporter']);
    expect(await words('--profile', '')).toEqual(['development', 'production']);
    expect(await words('config', 'get', 'worker.t')).toEqual(['worker.taskQueue']);
    expect(await words('runs', 'show', '')).toEqual([]);
    expect(await words('--address', '127.0.0.1:1', 'runs', 'show', '')).toEqual([]);
    mkdirSync(path.join(folder, 'agents'));
    writeFileSync(path.join(folder, 'agents', 'file.yaml'), 'name: named\ninstructions: x');
    expect(await words('agent', 'show', '')).toEqual(['named']);
  }, 60_000);

  test('bash completes with it', async () => {
    writeFileSync(path.join(folder, 'completion.bash'), (await cli('completion', 'bash')).stdout);
    const main = path.join(ROOT, 'dist', 'apps', 'cli', 'main.js');
    const script = `
      set -eu
      holdfast() { "${process.execPath}" "${main}" "$@"; }
      source ./completion.bash
      COMP_WORDS=(holdfast agent show "") COMP_CWORD=3
      _holdfast
      printf '%s\\n' "\${COMPREPLY[@]}"
      complete -p holdfast`;
    const out = execFileSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8' });
    expect(out).toBe('assistant\neditor\nreporter\ncomplete -o default -F _holdfast holdfast\n');
  }, 30_000);

  /** A test that needs a shell says so where it is not installed, instead of passing. */
  const withShell = (shell: string): [typeof test, string] =>
    spawnSync(shell, ['-c', 'true']).error
      ? [test.skip as typeof test, `${shell} completes with it (skipped: ${shell} is not installed)`]
      : [test, `${shell} completes with it`];

  /** `holdfast` in the path, and the shell's script in the project. */
  async function forShell(shell: string): Promise<NodeJS.ProcessEnv> {
    const bin = path.join(folder, 'bin');
    const main = path.join(ROOT, 'dist', 'apps', 'cli', 'main.js');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'holdfast'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(path.join(folder, `completion.${shell}`), (await cli('completion', shell)).stdout);
    return { ...env, PATH: `${bin}:${env.PATH}`, HOME: folder, TERM: 'xterm' };
  }

  const [fish, fishTitle] = withShell('fish');
  fish(
    fishTitle,
    async () => {
      const script = `
      source ./completion.fish
      complete -C 'holdfast agent show '
      complete -C 'holdfast runs sho'
      complete -C 'holdfast --profile '`;
      const out = execFileSync('fish', ['--no-config', '-c', script], {
        cwd: folder,
        env: await forShell('fish'),
        encoding: 'utf8',
      });
      expect(out.split('\n').map((line) => line.split('\t')[0])).toEqual([
        ...['assistant', 'editor', 'reporter', 'show', 'development', 'production', ''],
      ]);
    },
    60_000,
  );

  const [zsh, zshTitle] = withShell('zsh');
  zsh(
    zshTitle,
    async () => {
      // A second zsh on a terminal of its own, as somebody would sit at: what Tab makes of a line is read from its screen.
      const script = `
      zmodload zsh/zpty
      zpty shell zsh -f
      zpty -w shell 'autoload -Uz compinit; compinit -u -d ./dump; source ./completion.zsh; print rea''dy'
      zpty -r -m shell seen '*ready*'
      zpty -w -n shell $'holdfast agent show \t'
      zpty -r -m shell seen '*assistant*editor*reporter*'
      zpty -w -n shell $'\x15holdfast config get worker.taskQ\t'
      zpty -r -m shell seen '*worker.taskQueue*'
      zpty -d shell
      print done`;
      const options = { cwd: folder, env: await forShell('zsh'), encoding: 'utf8', timeout: 50_000 } as const;
      expect(execFileSync('zsh', ['-f', '-c', script], options)).toBe('done\n');
    },
    60_000,
  );

  test('another shell is refused', async () => {
    expect((await cli('completion', 'tcsh')).code).toBe(2);
  });
});
