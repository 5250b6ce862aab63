import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startVendorServer } from '../../testing/vendor-server';
import { CliProcess, cleanEnv, type Ended } from './cli-harness';

/** Commands with nothing running beside them. */

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-cli-alone-'));
  env = cleanEnv(path.join(folder, 'home'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

function cli(...args: string[]): Promise<Ended> {
  return new CliProcess(args, env, folder).ended;
}

test('a run accepted with --detach is kept, and goes on when it is asked for again', async () => {
  const detached = await cli('run', 'assistant', 'What is 17*23?', '--id', 'kept', '--detach', '--json');
  expect(detached.code).toBe(0);
  expect(JSON.parse(detached.stdout)).toMatchObject({ id: 'kept', started: true, carriedOn: false });
  expect(detached.stderr).toContain('main.js dev continues it');

  const again = await new CliProcess(
    ['run', 'assistant', '-', '--id', 'kept', '--verbose'],
    env,
    folder,
    'What is 17*23?',
  ).ended;
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('391') });
  expect(again.stderr).toContain('nothing new was started');
  expect(again.stderr).toMatch(/\[\d+ ms\] server is ready[\s\S]*first model call[\s\S]*stopped/);
}, 90_000);

test('two runs at once in one home share a server; when the one that owns it ends, the other carries on', async () => {
  const vendor = await startVendorServer({ script: () => ({ latencyMs: 4_000, text: 'late' }) });
  try {
    env = { ...env, OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: vendor.openaiURL };
    const first = new CliProcess(
      ['run', 'assistant', 'What is 1+1?', '--model', 'simulated/rules', '--id', 'quick'],
      env,
      folder,
    );
    await first.shows(/run quick/);
    const second = new CliProcess(['run', 'assistant', 'Wait', '--id', 'slow'], env, folder);
    expect((await first.ended).code).toBe(0);
    expect(await second.ended).toMatchObject({ code: 0, stdout: 'late\n' });
  } finally {
    await vendor.close();
  }
}, 90_000);

test('Ctrl-C on a run carried on here stops in order and says what continues it', async () => {
  const vendor = await startVendorServer({ script: () => ({ latencyMs: 60_000, text: 'never' }) });
  try {
    env = { ...env, OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: vendor.openaiURL };
    const run = new CliProcess(['run', 'assistant', 'Wait', '--id', 'parked'], env, folder);
    await run.shows(/assistant · first call/);
    run.signal('SIGINT');
    await run.shows(/not cancelled[\s\S]*main\.js dev\n[\s\S]*runs watch parked/);
    // A second one does not wait for the model call.
    run.signal('SIGINT');
    expect((await run.ended).code).toBe(130);
  } finally {
    await vendor.close();
  }
  const carriedOn = await cli('run', 'assistant', 'Wait', '--id', 'parked', '--model', 'simulated/rules');
  expect(carriedOn).toMatchObject({ code: 2, stderr: expect.stringContaining('Run.AlreadyStarted') });
}, 90_000);

test('npm start says what it does and with which model, and writes a report', async () => {
  mkdirSync(path.join(folder, 'docs'));
  writeFileSync(path.join(folder, 'docs', 'a.md'), '# A\n\nwords here\n');
  const { code, stdout, stderr } = await cli('start');
  expect(code).toBe(0);
  expect(stdout).toContain('1 files');
  expect(stderr).toMatch(
    /team of agents[\s\S]*reads {3}docs[\s\S]*model {3}simulated\/rules[\s\S]*No key is set[\s\S]*yours {3}npm start/,
  );
  // A node may be done before anybody saw it run.
  expect(stderr).toMatch(
    /plan plan-\w+\n[\s\S]*(running|done) +survey-docs · reporter · [\s\S]*done +report · editor · /,
  );
  expect(stderr).toMatch(
    /done plan-\w+ · 2 nodes · .* · \$0\.00 \(simulated\)[\s\S]*wrote {2}.*report\.md[\s\S]*plan {3}http[\s\S]*next {3}.*dev/,
  );
  const asData = await cli('start', '--in', 'docs', '--json');
  expect(JSON.parse(asData.stdout)).toMatchObject({
    status: 'completed',
    written: [{ node: 'report', files: [{ name: 'report.md' }] }],
  });
}, 90_000);

test('npm start with a task or an agent of one’s own is a run of that agent', async () => {
  mkdirSync(path.join(folder, 'docs'));
  writeFileSync(path.join(folder, 'docs', 'a.md'), '# A\n\nwords here\n');
  const asked = await cli('start', 'What is 17*23?', '--in', 'docs', '--agent', 'assistant');
  expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('391') });
  expect(asked.stderr).toMatch(/runs the agent assistant: What is 17\*23\?[\s\S]*done assistant-/);
  const alone = await cli('start', '--agent', 'reporter');
  expect(alone.stderr).toMatch(/runs the agent reporter: Survey the folder docs and write[\s\S]*wrote {2}.*report\.md/);
}, 90_000);

test('without a server, doctor warns and says what starts one', async () => {
  const { code, stdout } = await cli('doctor');
  expect(code).toBe(0);
  expect(stdout).toMatch(/warn {2}server[\s\S]*fix holdfast dev/);
  const dead = await cli('doctor', '--address', '127.0.0.1:1', '--json');
  expect(dead.code).toBe(1);
  expect(JSON.parse(dead.stdout).checks).toContainEqual(
    expect.objectContaining({ name: 'server', status: 'fail', fix: expect.any(String) }),
  );
}, 60_000);

test('no connection is 7, also where nothing runs', async () => {
  expect((await cli('runs', 'list')).code).toBe(7);
  const { code, stdout, stderr } = await cli('run', 'assistant', 'Hello', '--address', '127.0.0.1:1', '--json');
  expect({ code, stdout }).toEqual({ code: 7, stdout: '' });
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'Server.Unreachable', message: expect.stringContaining('127.0.0.1:1') },
  });
  expect((await cli('worker', '--address', '127.0.0.1:1')).code).toBe(7);
  expect(await cli('worker')).toMatchObject({ code: 2, stderr: expect.stringContaining('TEMPORAL_ADDRESS') });
}, 90_000);

describe('agents of a project', () => {
  function write(name: string, text: string): void {
    mkdirSync(path.join(folder, 'agents'), { recursive: true });
    writeFileSync(path.join(folder, 'agents', name), text);
  }

  test('are listed, shown and validated', async () => {
    write('writer.yaml', 'instructions: Write.\ntools: [files_write, calculator]\nlimits: { costUsd: 2 }\n');
    const [agent] = JSON.parse((await cli('agent', 'list', '--json')).stdout);
    expect(agent).toMatchObject({
      name: 'writer',
      tools: ['files_write', 'calculator'],
      file: 'agents/writer.yaml',
      ready: true,
    });
    const shown = (await cli('agent', 'show', 'writer')).stdout;
    expect(shown).toContain(`revision ${agent.revision}`);
    expect(shown).toMatch(/\$2\.00[\s\S]*files_write {2}idempotent/);
    expect(await cli('agent', 'validate')).toMatchObject({ code: 0, stdout: 'ok   agents/writer.yaml · writer\n' });
    expect(await cli('agent', 'show', 'other')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Known agents: writer'),
    });
  }, 60_000);

  test('that are broken are told with file, line, path and hint', async () => {
    write('bad.yaml', 'instructions: x\nlimits:\n  turns: many\ntols: []\n');
    const { code, stdout, stderr } = await cli('agent', 'validate');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(stdout).toMatch(/bad {2}agents\/bad\.yaml:3: limits\.turns: .*\n {7}\S/);
    expect(stdout).toMatch(/bad {2}agents\/bad\.yaml:4: .*tols/);
    const json = await cli('agent', 'validate', 'agents/bad.yaml', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, files: [{ problems: [{ line: 3 }, { line: 4 }] }] });
    expect(await cli('run', 'bad', 'Hello')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('agents/bad.yaml:3'),
    });
  }, 60_000);
});

describe('the command line', () => {
  test.each<[string, string[], RegExp]>([
    ['an unknown command', ['rnu'], /unknown command 'rnu'[\s\S]*Did you mean run\?/],
    [
      'an unknown option',
      ['run', 'a', 'b', '--bugdet', '1'],
      /unknown option '--bugdet'[\s\S]*Did you mean --budget\?/,
    ],
    ['a wrong value', ['run', 'a', 'b', '--budget', 'much'], /--budget.*above 0/],
    ['a missing argument', ['runs', 'show'], /missing required argument 'id'[\s\S]*holdfast runs show --help/],
    ['options that exclude each other', ['run', 'a', 'b', '--detach', '--follow'], /--detach.*--follow/],
    ['no input', ['run', 'assistant'], /no input/],
    ['a folder that is not there', ['run', 'assistant', 'x', '--in', 'nowhere'], /no such folder/],
    ['a wrong grace', ['dev', '--grace', 'soon'], /--grace/],
  ])('%s exits with 2 and says what to do', async (_what, args, message) => {
    const { code, stdout, stderr } = await cli(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each([[['rnu']], [['run', 'assistant', 'x', '--in', 'nowhere']]])(
    '%j with --json is refused in JSON',
    async (args) => {
      const { code, stdout, stderr } = await cli(...args, '--json');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(JSON.parse(stderr)).toMatchObject({
        error: { code: 'Input.Invalid', docs: 'docs/errors/Input.Invalid.md' },
      });
    },
  );

  test('help and version are on stdout', async () => {
    const help = await cli('--help');
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('agent') });
    expect(help.stdout).not.toContain('start');
    expect((await cli('run', '--help')).stdout).toContain('Exit codes');
    expect((await cli('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await cli()).code).toBe(2);
  });
});
