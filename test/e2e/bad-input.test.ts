import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { HoldfastClient } from '../../client';
import { startVendorServer, type VendorReply, type VendorServer } from '../../testing/vendor-server';
import { freePort } from '../../workers/embedded/ports';
import { CliProcess, cleanEnv } from './cli-harness';
import { useCliAt } from './cli-within';

/** What a user may get wrong, and what vendors and models may do, on the real thing. The table is docs/bad-input.md. */

const ESC = '\u001b';
/** Clears the screen, renames the window, reverses what is read, and the one-byte form of it. */
const HOSTILE = `${ESC}[2J${ESC}]0;owned\u0007 \u009b31m \u202eevil\u2066`;
/** Whatever a terminal would act on. */
const ACTIVE = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u;

let folder: string;
let vendor: VendorServer;
let dev: CliProcess;
let env: NodeJS.ProcessEnv;
let address: string;

const REPLIES: Record<string, (answered: boolean) => VendorReply> = {
  'invalid json': (answered) =>
    answered ? { text: 'recovered' } : { toolCalls: [{ name: 'calculator', arguments: '{"expression": "1+' }] },
  'unknown tool': (answered) =>
    answered ? { text: 'recovered' } : { toolCalls: [{ name: `launch${HOSTILE}`, arguments: { at: HOSTILE } }] },
  'no content': (answered) => (answered ? { text: 'recovered' } : { text: '' }),
  endless: () => ({ text: 'word '.repeat(600_000), chunkChars: 50_000 }),
  hostile: (answered) =>
    answered
      ? { text: `the end ${HOSTILE}` }
      : { toolCalls: [{ name: 'files_read', arguments: { path: `in/${HOSTILE}` } }] },
  'key refused': () => ({ status: 401, errorMessage: `bad key ${HOSTILE}` }),
  forbidden: () => ({ status: 403, errorMessage: 'no' }),
};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-bad-'));
  mkdirSync(path.join(folder, 'agents'));
  const agent = (model: string) => `instructions: Be brief.\nmodel: ${model}\ntools: [files, calculator]\n`;
  writeFileSync(path.join(folder, 'agents', 'writer.yaml'), agent('openai/test-model'));
  writeFileSync(path.join(folder, 'agents', 'other.yaml'), agent('openai/test-model'));
  writeFileSync(path.join(folder, 'agents', 'nokey.yaml'), agent('anthropic/claude-sonnet-5'));
  vendor = await startVendorServer({
    script: ({ messages }) => {
      const task = messages.find(({ role }) => role === 'user')?.text ?? '';
      return REPLIES[task]?.(messages.length > 1) ?? { text: 'ok' };
    },
  });
  env = cleanEnv(path.join(folder, 'home'), { OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: vendor.openaiURL });
  dev = new CliProcess(['dev'], env, folder);
  await dev.shows(/Ready\./, 60_000);
  address = /127\.0\.0\.1:\d+/.exec(dev.stdout + dev.stderr)?.[0] ?? '';
}, 90_000);

afterAll(async () => {
  dev.signal('SIGINT');
  await dev.ended;
  await vendor.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

const cli = useCliAt(() => ({ folder, env }));

function file(name: string, content: string | Buffer): string {
  writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
}

describe('refused before anything is started', () => {
  test.each<[string, () => string[], number, RegExp]>([
    ['an unknown agent', () => ['run', 'nobody', 'hi'], 2, /Agent\.Unknown[\s\S]*Known agents/],
    ['an agent no name', () => ['run', '../x', 'hi'], 2, /Input\.Invalid/],
    ['an unknown provider', () => ['run', 'writer', 'hi', '--model', 'nowhere/x'], 2, /Model\.UnknownProvider/],
    [
      'a model that names no provider',
      () => ['run', 'writer', 'hi', '--model', 'gpt'],
      2,
      /Input\.Invalid[\s\S]*provider\/model/,
    ],
    ['a missing key', () => ['run', 'nokey', 'hi'], 1, /Model\.MissingKey[\s\S]*ANTHROPIC_API_KEY/],
    [
      'a budget over an unknown price',
      () => ['run', 'writer', 'hi', '--budget', '1'],
      1,
      /Model\.UnknownPrice[\s\S]*prices/,
    ],
    [
      '2.5 MB',
      () => ['run', 'writer', '--input-file', file('big', 'x'.repeat(2_500_000))],
      2,
      /Input\.TooLarge.*2500000 bytes; 1500000/,
    ],
    [
      '11 MB',
      () => ['run', 'writer', '--input-file', file('huge', Buffer.alloc(11_000_000, 'x'))],
      2,
      /Input\.TooLarge.*11000000 bytes/,
    ],
    ['a device without an end', () => ['run', 'writer', '--input-file', '/dev/zero'], 2, /Input\.TooLarge/],
    [
      'latin-1',
      () => ['run', 'writer', '--input-file', file('latin', Buffer.from('gr\xfcn', 'latin1'))],
      2,
      /Input\.Invalid.*not UTF-8: byte 3/,
    ],
    ['a message to nobody', () => ['runs', 'steer', 'no-such-run', 'x'], 2, /Run\.Unknown/],
    ['an id of 10,000 characters', () => ['runs', 'show', 'x'.repeat(10_000)], 2, /Input\.Invalid.*10000 characters/],
    [
      'a namespace that is not there',
      () => ['runs', 'list', '--address', address, '--namespace', 'nope'],
      1,
      /Server\.NamespaceUnknown[\s\S]*namespace create/,
    ],
  ])(
    '%s',
    async (_what, args, code, told) => {
      const ended = await cli(...args());
      expect([ended.code, ended.stdout]).toEqual([code, '']);
      expect(ended.stderr).toMatch(told);
      expect(ended.stderr).toMatch(/docs\/errors\/[A-Za-z.]+\.md/);
    },
    60_000,
  );
});

describe('no connection is 7, within ten seconds', () => {
  let web: Server;
  beforeAll(() => {
    web = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  });
  afterAll(() => web.close());

  test.each<[string, () => Promise<string>, RegExp]>([
    ['nobody listens', async () => `127.0.0.1:${await freePort()}`, /nothing listens there/],
    [
      'a web server listens',
      async () => `127.0.0.1:${(web.address() as { port: number }).port}`,
      /does not speak gRPC/,
    ],
    ['there is no such host', async () => 'no-such-host.invalid:7233', /no such host/],
  ])(
    '%s',
    async (_what, where, told) => {
      const at = await where();
      for (const args of [['runs', 'list'], ['run', 'writer', 'hi'], ['worker']]) {
        const started = performance.now();
        const ended = await new CliProcess(args, { ...env, TEMPORAL_ADDRESS: at }, folder).ended;
        expect([ended.code, ended.stderr]).toEqual([7, expect.stringMatching(told)]);
        expect(performance.now() - started).toBeLessThan(10_000);
      }
    },
    60_000,
  );
});

describe('what a vendor or a model does', () => {
  test.each(['invalid json', 'unknown tool', 'no content'])(
    '%s is told to the model, which goes on',
    async (task) => {
      const ended = await cli('run', 'writer', task);
      expect([ended.code, ended.stdout]).toEqual([0, 'recovered\n']);
      expect(ended.stderr).not.toMatch(ACTIVE);
    },
    60_000,
  );

  test('an endless answer is cut, and the run says so', async () => {
    const ended = await cli('run', 'writer', 'endless');
    expect([ended.code, ended.stderr]).toEqual([
      1,
      expect.stringMatching(/answer-cut[\s\S]*longer than 1000000 characters/),
    ]);
  }, 60_000);

  test.each(['key refused', 'forbidden'])(
    '%s',
    async (task) => {
      const asked = vendor.count();
      const ended = await cli('run', 'writer', task);
      expect([ended.code, ended.stderr]).toEqual([1, expect.stringMatching(/Model\.Auth[\s\S]*OPENAI_API_KEY/)]);
      expect(ended.stderr).not.toMatch(ACTIVE);
      expect(vendor.count() - asked).toBe(1);
    },
    60_000,
  );

  test('an unknown price is never a cost of nothing', async () => {
    const ended = await cli('run', 'writer', 'hello', '--id', 'priceless');
    expect(ended.stderr).toContain('cost unknown');
    expect(JSON.parse((await cli('runs', 'show', 'priceless', '--json')).stdout)).toMatchObject({
      costUsd: null,
      result: { costIncomplete: true },
    });
    const runs: { id: string; costUsd: number | null }[] = JSON.parse((await cli('runs', 'list', '--json')).stdout);
    expect(runs.find(({ id }) => id === 'priceless')?.costUsd).toBeNull();
  }, 60_000);
});

describe('text that would act on the terminal', () => {
  test('is shown written out, by every command; JSON is the same text', async () => {
    const run = await cli('run', 'writer', 'hostile', '--id', 'hostile');
    expect(run.stdout).toContain('the end \\x1b[2J\\x1b]0;owned\\x07 \\x9b31m \\u202eevil\\u2066');
    const chat = new CliProcess(['chat', 'writer', '--id', 'talk', '--title', `T${HOSTILE}`], env, folder, 'hostile\n');
    expect((await chat.ended).code).toBe(0);
    const steered = await cli('runs', 'pause', 'talk', '--reason', HOSTILE);
    const shown = [
      run,
      await chat.ended,
      steered,
      await cli('runs', 'show', 'hostile'),
      await cli('runs', 'show', 'talk'),
      await cli('runs', 'watch', 'hostile'),
      await cli('runs', 'list'),
      await cli('run', 'writer', 'hostile', '--json', '--follow'),
    ];
    for (const { stdout, stderr } of shown) expect(stdout + stderr).not.toMatch(ACTIVE);
    const json = await cli('runs', 'watch', 'hostile', '--json');
    expect(JSON.parse(json.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ output: `the end ${HOSTILE}` });
  }, 90_000);
});

describe('one id', () => {
  test('two chats at once with different agents: one is started, the other refused', async () => {
    const start = (agent: string) => new CliProcess(['chat', agent, '--id', 'twice'], env, folder, 'hello\n').ended;
    const [one, two] = await Promise.all([start('writer'), start('other')]);
    const [winner, loser] = one.code === 0 ? [one, two] : [two, one];
    expect([winner.code, winner.stdout]).toEqual([0, 'ok\n']);
    expect([loser.code, loser.stderr]).toEqual([
      2,
      expect.stringMatching(/Run\.AlreadyStarted.*with the agent "(writer|other)"/),
    ]);
  }, 60_000);

  test('two chats at once with one agent are one chat: both messages are answered', async () => {
    const start = () => new CliProcess(['chat', 'writer', '--id', 'shared'], env, folder, 'hello\n').ended;
    for (const { code, stdout } of await Promise.all([start(), start()])) expect([code, stdout]).toEqual([0, 'ok\n']);
    expect((await cli('runs', 'show', 'shared')).stdout).toContain('2 answered');
  }, 60_000);

  test('what is asked of a run that is over is refused, and how to go on is told', async () => {
    await cli('run', 'writer', 'hello', '--id', 'over');
    for (const args of [
      ['steer', 'over', 'x'],
      ['pause', 'over'],
      ['resume', 'over'],
      ['step', 'over'],
    ]) {
      const ended = await cli('runs', ...args);
      expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(/Run\.Ended[\s\S]*runs fork over/)]);
    }
  }, 60_000);
});

test('through clients: too much is refused at once, by ours or by the server, and the chat does not notice', async () => {
  const connection = await Connection.connect({ address });
  try {
    const temporal = new Client({ connection });
    const chat = new HoldfastClient(temporal).chat('writer', { id: 'patient' });
    await (await chat.send('hello')).reply();
    const started = performance.now();
    const large = 'x'.repeat(2_500_000);
    for (const act of [() => chat.send(large), () => chat.steer(large), () => chat.pause('x'.repeat(5_000_000))]) {
      await expect(act()).rejects.toMatchObject({
        code: 'Input.TooLarge',
        message: expect.stringMatching(/\d{7} bytes/),
      });
    }
    await expect(chat.send('x'.repeat(250_000))).rejects.toMatchObject({ code: 'Input.TooLarge' });
    expect(performance.now() - started).toBeLessThan(5_000);
    // Whoever has only Temporal's own client is refused by the server, or by the chat.
    const handle = temporal.workflow.getHandle('patient');
    await expect(handle.executeUpdate('send', { args: [{ input: 'x'.repeat(1_900_000) }] })).rejects.toThrow();
    const start = { workflowId: 'stock', taskQueue: 'holdfast', args: [{ agent: 'writer', input: large }] };
    await expect(temporal.workflow.start('agentSession', start)).rejects.toThrow();
    const wrong = { workflowId: 'wrong', taskQueue: 'holdfast', args: [{ agent: 'writer', fork: { id: 7 } }] };
    await expect(temporal.workflow.execute('agentSession', wrong)).rejects.toMatchObject({
      cause: { type: 'Input.Invalid', message: expect.stringContaining('fork.id') },
    });
    await expect((await chat.send('hello again')).reply()).resolves.toMatchObject({ output: 'ok' });
  } finally {
    await connection.close();
  }
}, 60_000);
