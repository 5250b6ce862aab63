import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { RetryLater, type ToolContext } from '../../activities/tools/tool';
import { PostgresStreamBus } from '../../streams/postgres-stream-bus';
import { scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { postgresPrograms, startPostgres } from '../fixtures/postgres';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('canary');

/** One of each kind; each is told apart from any other text there is. */
const CANARY = {
  ENV: 'canary-env-7f3a91',
  FILE: 'canary-file-"b\\c4d2',
  VAULT: 'canary/vault+e8=f1',
  OPENAI_API_KEY: 'sk-canary-key-55aa77',
};
const NAMES = ['ENV', 'FILE', 'VAULT'] as const;
const MARKS = [
  ...Object.values(CANARY),
  ...Object.values(CANARY).flatMap((value) => [
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1),
    encodeURIComponent(value),
    Buffer.from(value).toString('base64').slice(0, -4),
    Buffer.from(value).toString('hex'),
  ]),
];

/** Ways a tool, or a library in it, may let a secret out. */
const LEAKS: Readonly<Record<string, (secret: string, context: ToolContext) => unknown>> = {
  result: (secret) => `the key is ${secret}`,
  json: (secret) => ({ key: secret, [secret]: 1 }),
  base64: (secret) => `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
  url: (secret) => `https://x/?key=${encodeURIComponent(secret)}`,
  hex: (secret) => Buffer.from(secret).toString('hex'),
  error: (secret) => Promise.reject(new Error(`401 for ${secret}`)),
  cause: (secret) => Promise.reject(new Error('x', { cause: new Error(secret) })),
  retry: (secret, { attempt }) =>
    attempt === 1 ? Promise.reject(new RetryLater(`later, ${secret}`, { delayMs: 10 })) : 'ok',
  progress: async (secret, { progress }) => {
    progress({ at: secret });
    await new Promise((resolve) => setTimeout(resolve, 900));
    return 'ok';
  },
  log: (secret, { log }) => log.error(`using ${secret}`, { header: secret }),
  large: (secret) => `${'x'.repeat(70_000)}${secret}${'y'.repeat(70_000)}`,
  stream: (secret) =>
    [...`${'x'.repeat(500)}${secret}${'y'.repeat(70_000)}`]
      .reduce<string[][]>((all, char, at) => {
        if (at % 7 === 0) all.push([]);
        all.at(-1)?.push(char);
        return all;
      }, [])
      .map((chars) => chars.join('')),
};

async function* piecewise(pieces: string[]): AsyncGenerator<string> {
  for (const piece of pieces) yield piece;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function hits(bytes: Buffer): string[] {
  return MARKS.filter((mark) => bytes.includes(mark));
}

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});

test('no secret is in a history, the database, a log, an event, an error, an artifact or a prompt', async () => {
  const home = temporal.folder();
  const file = path.join(temporal.folder(), 'key');
  writeFileSync(file, CANARY.FILE);
  const vault = createServer((_request, response) => {
    response.writeHead(200).end(JSON.stringify({ data: { data: { token: CANARY.VAULT } } }));
  });
  await new Promise<void>((resolve) => vault.listen(0, '127.0.0.1', resolve));
  const seen: string[] = [];
  const tools = NAMES.flatMap((name) =>
    Object.entries(LEAKS).map(
      ([way, leak]) =>
        notingTool(`${way}_${name}`, {
          secrets: [name],
          answer: (_text, context) => {
            const secret = context.secret(name);
            seen.push(secret);
            const output = leak(secret, context);
            return way === 'stream' ? piecewise(output as string[]) : output;
          },
        }).tool,
    ),
  );
  const echoed: string[] = [];
  const model = scriptedModel([
    { toolCalls: tools.map(({ name }) => ({ name, arguments: { text: 'x' } })) },
    // A model that was told a secret by a person repeats it, in small pieces.
    async (request, { onDelta }) => {
      echoed.push(JSON.stringify(request));
      for (const char of `I heard ${CANARY.ENV} and ${CANARY.OPENAI_API_KEY}`) onDelta?.({ type: 'text', text: char });
      return { text: `I heard ${CANARY.ENV} and ${CANARY.OPENAI_API_KEY}` };
    },
  ]);
  const events: string[] = [];
  // What is streamed goes through a real database too, where there is one: it stores nothing, and logs what it is told.
  const programs = postgresPrograms();
  const postgres = programs === undefined ? undefined : await startPostgres(programs);
  const bus = postgres && new PostgresStreamBus({ url: postgres.url });
  ends.push(async () => {
    await bus?.close();
    await postgres?.stop();
  });
  const streams = {
    publish: (topic: string, payload: string) => {
      events.push(payload);
      bus?.publish(topic, payload);
    },
    subscribe: async () => async () => undefined,
    close: async () => undefined,
  };
  const options = {
    agents: [{ name: 'leaky', instructions: 'x', model: 'scripted/steps', tools: tools.map(({ name }) => name) }],
    tools,
    providers: [model],
    home,
    streams: streams as never,
    env: {
      ENV: CANARY.ENV,
      OPENAI_API_KEY: CANARY.OPENAI_API_KEY,
      VAULT_ADDR: `http://127.0.0.1:${(vault.address() as AddressInfo).port}`,
      VAULT_TOKEN: 's.x-canary-token',
    },
    secrets: { FILE: `file:${file}`, VAULT: 'vault:kv/bot#token' },
  };
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('leaky', { id: 'leaks', input: 'go' });
    const result = await run.result();
    expect(result).toMatchObject({
      stopReason: 'completed',
      output: 'I heard [secret ENV] and [secret OPENAI_API_KEY]',
    });
    expect(new Set(seen)).toEqual(new Set(NAMES.map((name) => CANARY[name])));
    const messages = await run.messages();
    expect(JSON.stringify(messages)).toContain('[secret VAULT]');
    const described = await temporal.client.workflow.getHandle('leaks').describe();
    const history = await temporal.client.workflow.getHandle('leaks').fetchHistory();
    const places: Record<string, Buffer> = {
      history: Buffer.from(JSON.stringify(history)),
      // Payloads as they are, not as base64.
      payloads: Buffer.concat(payloadsOf(history)),
      described: Buffer.from(JSON.stringify(described.raw)),
      messages: Buffer.from(JSON.stringify(messages)),
      result: Buffer.from(JSON.stringify(result)),
      events: Buffer.from(events.join('\n')),
      prompts: Buffer.from(echoed.join('\n')),
    };
    expect(places.payloads?.includes('[secret FILE]')).toBe(true);
    for (const stored of filesBelow(home)) places[stored] = Buffer.concat([Buffer.from(stored), readFileSync(stored)]);
    if (postgres) {
      const log = path.join(postgres.folder, 'log');
      await eventually(async () => expect(readFileSync(log, 'utf8')).toMatch(/notify/i));
      for (const stored of filesBelow(postgres.folder)) places[stored] = readFileSync(stored);
    }
    // The server's own files, with its log and database.
    const server = path.dirname(process.env.HOLDFAST_TEST_BUNDLES ?? '');
    for (const stored of filesBelow(server)) {
      if (!stored.startsWith(process.env.HOLDFAST_TEST_BUNDLES ?? '-') && statSync(stored).size < 2e9)
        places[stored] = readFileSync(stored);
    }
    // The database is there, and holds what was said as it was said: a secret in it would be found.
    const database = Object.entries(places).filter(([name]) => /\.(db|sqlite)/.test(name));
    expect(database.some(([, bytes]) => bytes.includes('[secret VAULT]'))).toBe(true);
    for (const [place, bytes] of Object.entries(places))
      expect({ place, hits: hits(bytes) }).toEqual({ place, hits: [] });
  });
  vault.closeAllConnections();
  vault.close();
  mkdirSync(home, { recursive: true });
}, 120_000);

/** Every payload's bytes. */
function payloadsOf(value: unknown): Buffer[] {
  if (typeof value !== 'object' || value === null) return [];
  if (value instanceof Uint8Array) return [Buffer.from(value)];
  return Object.values(value).flatMap(payloadsOf);
}
