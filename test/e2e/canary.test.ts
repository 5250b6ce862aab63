import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { CliProcess, Ended } from './cli-harness';
import { useCliPlace } from './cli-place';

/**
 * G9, from outside: a project as people have it, its secrets of every kind let out by its tools and its vendor in every way they can.
 * Then every byte that `dev`, its server and its commands left behind is searched: logs, database, artifacts, and what they printed.
 */

const CANARY = {
  ENV: 'canary-outer-env-91ab',
  FILE: 'canary-outer-file-82cd',
  VAULT: 'canary-outer-vault-73ef',
  KEY: 'canary-outer-key-64gh',
  /** Of the worker's own: the vendor's in the environment is `useCliPlace`'s. */
  VAULT_TOKEN: 's.canary-outer-token-55ij',
  OPENAI_API_KEY: 'sk-canary-key',
};
const FORMS = Object.entries(CANARY).flatMap(([name, value]) => [
  [name, value],
  [`${name} in base64`, Buffer.from(value).toString('base64').slice(0, -4)],
  [`${name} in hexadecimal`, Buffer.from(value).toString('hex')],
]) as [string, string][];

const TOOL = `import { defineTool } from 'holdfast';
import { z } from 'zod';
export default defineTool({
  name: 'leak',
  description: 'Lets everything out.',
  input: z.object({ way: z.string(), said: z.string().optional() }),
  effect: 'once',
  secrets: ['ENV', 'FILE', 'VAULT'],
  async execute({ way, said }, { secret, log, progress }) {
    const all = ['ENV', 'FILE', 'VAULT'].map((name) => secret(name)).join(' ');
    log.info('using ' + all, { header: all, said });
    log.error(Buffer.from(secret('ENV')).toString('base64'));
    progress({ at: all });
    if (way === 'fail') throw new Error('401 for ' + all, { cause: new Error(all) });
    return { all, hex: Buffer.from(secret('VAULT')).toString('hex') };
  },
});
`;

const vault = createServer((request, response) => {
  const data = request.url?.endsWith('/models') ? { key: CANARY.KEY } : { token: CANARY.VAULT };
  response.writeHead(200).end(JSON.stringify({ data: { data } }));
});
const place = useCliPlace('canary', { ENV: CANARY.ENV, VAULT_TOKEN: CANARY.VAULT_TOKEN });
let dev: CliProcess;
const printed: Record<string, Ended> = {};

beforeAll(async () => {
  await new Promise<void>((resolve) => vault.listen(0, '127.0.0.1', resolve));
  const everything = Object.values(CANARY).join(' ');
  // The vendor knows them all: it asks with them, speaks of them, and quotes them when it refuses.
  place.vendor.setScript(({ turn }) => {
    if (turn === 0) return { toolCalls: ['give', 'fail'].map((way) => ({ name: 'leak', arguments: { way } })) };
    if (turn === 1)
      return { text: 'again', toolCalls: [{ name: 'leak', arguments: { way: 'give', said: everything } }] };
    return { text: `All I know: ${everything}`, chunkChars: 5 };
  });
  place.write('secret.txt', `${CANARY.FILE}\n`);
  place.write('tools/leak.ts', TOOL);
  place.write('agents/leaky.yaml', 'instructions: Use the tool.\nmodel: acme/m\ntools: [leak]\n');
  place.write(
    'holdfast.yaml',
    JSON.stringify({
      version: 1,
      providers: { acme: { type: 'openai', baseUrl: place.vendor.openaiURL, key: 'vault:kv/models#key' } },
      secrets: { FILE: `file:${path.join(place.folder, 'secret.txt')}`, VAULT: 'vault:kv/bot#token' },
      permissions: { profile: 'owner' },
      log: { levels: 'trace', file: 'logs/dev.log', agents: 'logs/agents' },
    }),
  );
  const address = `http://127.0.0.1:${(vault.address() as AddressInfo).port}`;
  dev = place.startWith({ env: { VAULT_ADDR: address } }, 'dev', '--json', '--grace', '1s');
  await dev.shows(/"type":"ready"/, 100_000);
  printed.run = await place.cli('run', 'leaky', 'go', '--id', 'leaks', '--json', '--follow');
  printed.show = await place.cli('runs', 'show', 'leaks', '--json');
  printed.refused = await refused(everything);
  printed.list = await place.cli('runs', 'list', '--json');
  dev.signal('SIGINT');
  printed.dev = await dev.ended;
}, 240_000);

afterAll(() => {
  vault.closeAllConnections();
  vault.close();
});

function refused(everything: string): Promise<Ended> {
  place.vendor.setScript(() => ({ status: 401, errorMessage: `no: ${everything}` }));
  return place.cli('run', 'leaky', 'again', '--id', 'refused', '--json');
}

/** What people wrote there themselves is theirs. */
const GIVEN = ['secret.txt'];

function left(): [string, Buffer][] {
  const files = readdirSync(place.folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  const stored = files.map((entry): [string, Buffer] => {
    const file = path.join(entry.parentPath, entry.name);
    return [path.relative(place.folder, file), readFileSync(file)];
  });
  const said = Object.entries(printed).map(([what, { stdout, stderr }]): [string, Buffer] => {
    return [`printed by ${what}`, Buffer.from(stdout + stderr)];
  });
  return [...stored.filter(([file]) => !GIVEN.includes(file)), ...said];
}

test('everything happened: the tool had its secrets, the vendor its key, and all of it was let out', () => {
  expect(printed.run?.code).toBe(0);
  expect(printed.refused?.code).toBe(1);
  expect(printed.run?.stdout).toContain(
    'All I know: [secret ENV] [secret FILE] [secret VAULT] [secret providers.acme.key] [secret VAULT_TOKEN] [secret OPENAI_API_KEY]',
  );
  expect(printed.refused?.stderr).toContain('Model.Auth');
  const authorised = place.vendor.requests.filter(({ headers }) => headers.authorization === `Bearer ${CANARY.KEY}`);
  expect(authorised.length).toBeGreaterThanOrEqual(4);
});

test('the places searched are those where it would be: they hold what stands in its place', () => {
  const holding = left()
    .filter(([, bytes]) => bytes.includes('[secret VAULT]'))
    .map(([file]) => file);
  expect(holding).toEqual(
    expect.arrayContaining(['logs/dev.log', 'logs/agents/leaky.log', 'printed by run', 'printed by show']),
  );
  expect(holding.some((file) => /\.(db|sqlite)/.test(file))).toBe(true);
});

test('no secret of any kind is in a log, the database, an artifact, a stream or what was printed', () => {
  const files = left();
  const hits = files.flatMap(([file, bytes]) =>
    FORMS.filter(([, form]) => bytes.includes(form)).map(([name, form]) => {
      const at = bytes.indexOf(form);
      return `${file}: ${name}: ${bytes.subarray(Math.max(0, at - 300), at + 100).toString('latin1')}`;
    }),
  );
  expect(hits).toEqual([]);
  expect(place.vendor.requests.filter(({ raw }) => FORMS.some(([, form]) => raw.includes(form)))).toEqual([]);
});
