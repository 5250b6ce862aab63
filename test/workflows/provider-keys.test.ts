import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { AgentDefinition } from '../../protocol/agent';
import { startVendorServer, type VendorReply, type VendorServer } from '../../testing/vendor-server';
import { providerSettings } from '../../workers/config/apply';
import { loadConfig } from '../../workers/config/load-config';
import { useTemporal } from '../setup/test-worker';

/** Keys of model providers, kept elsewhere: fetched by the call that needs them, renewed when refused, and nowhere to be read. */

const temporal = useTemporal('provider-keys');
const KEYS = { env: 'canary-key-env-1a2b', file: 'canary-key-file-3c4d', vault: 'canary-key-vault-5e6f' };
type Place = keyof typeof KEYS;
const PLACES = Object.keys(KEYS) as Place[];

let vendor: VendorServer;
let vaultDown = 0;
let script: (place: string, n: number) => VendorReply = () => ({ text: 'ok' });
const asked: { key: string; body: string }[] = [];

const vault = createServer((_request, response) => {
  if (vaultDown-- > 0) response.writeHead(503).end('{}');
  else response.writeHead(200).end(JSON.stringify({ data: { data: { key: KEYS.vault } } }));
});

beforeAll(async () => {
  vendor = await startVendorServer({
    script: () => {
      const request = vendor.requests.at(-1);
      const key = String(request?.headers.authorization ?? request?.headers['x-api-key']).replace('Bearer ', '');
      asked.push({ key, body: request?.raw.toString('utf8') ?? '' });
      return script(key, asked.length);
    },
  });
  await new Promise<void>((resolve) => vault.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await vendor.close();
  vault.closeAllConnections();
  vault.close();
});
beforeEach(() => {
  asked.splice(0);
  script = () => ({ text: 'ok' });
});

/** A project's settings, as they are written. */
function setUp() {
  const folder = temporal.folder();
  const file = path.join(folder, 'key');
  writeFileSync(file, `${KEYS.file}\n`);
  const openai = { type: 'openai', baseUrl: vendor.openaiURL };
  const settings = {
    version: 1,
    providers: {
      env: { ...openai, key: 'env:ACME_KEY' },
      file: { type: 'anthropic', baseUrl: vendor.anthropicURL, key: `file:${file}` },
      vault: { ...openai, api: 'responses', key: 'vault:kv/models#key' },
    },
  };
  writeFileSync(path.join(folder, 'holdfast.yaml'), JSON.stringify(settings));
  const env = {
    ACME_KEY: KEYS.env,
    VAULT_ADDR: `http://127.0.0.1:${(vault.address() as AddressInfo).port}`,
    VAULT_TOKEN: 's.canary-vault-token',
  };
  const { settings: read } = loadConfig({ root: folder, env });
  const given = providerSettings(read, env);
  expect(JSON.stringify(given)).not.toContain('canary');
  const agents = PLACES.map((name): AgentDefinition => ({ name, instructions: 'Say.', model: `${name}/m` }));
  return { file, options: { agents, env, providerSettings: given ?? {} } };
}

/** All texts of a run's description and history, payloads as they are. */
async function everythingOf(id: string): Promise<string> {
  const { raw } = await temporal.client.workflow.getHandle(id).describe();
  return textsOf([raw, await temporal.events(id)]).join('\n');
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  return Object.values(value).flatMap(textsOf);
}

test('from the environment, a file and Vault: the vendor gets each, and nobody else reads any of them', async () => {
  const { options } = setUp();
  script = (key) => ({ text: `you came with ${key}` });
  await temporal.during(options, async () => {
    for (const place of PLACES) {
      const input = `is ${Object.values(KEYS).join(' or ')} right?`;
      const run = await temporal.holdfast.start(place, { id: `keys-${place}`, input });
      expect((await run.result()).output).toBe(`you came with [secret providers.${place}.key]`);
      expect(asked.at(-1)?.key).toBe(KEYS[place]);
      // What a person wrote into the conversation does not go out either, from the first call on.
      expect(asked.at(-1)?.body).toContain(`[secret providers.${place}.key]`);
    }
    expect((await everythingOf('keys-vault')).includes('you came with [secret providers.vault.key]')).toBe(true);
    const told = (await Promise.all(PLACES.map((place) => everythingOf(`keys-${place}`)))).map(withoutInput).join();
    expect(Object.values(KEYS).filter((key) => told.includes(key))).toEqual([]);
  });
});

/** What the person sent is the run's input, and stays what it is. */
function withoutInput(text: string): string {
  return text.replaceAll(`is ${Object.values(KEYS).join(' or ')} right?`, '');
}

test('a key that was replaced is fetched again when the old one is refused, within the same attempt', async () => {
  const { file, options } = setUp();
  script = (key) => (key === KEYS.file ? { status: 401, errorMessage: `bad key ${key}` } : { text: 'new key' });
  await temporal.during(options, async () => {
    const refused = await temporal.holdfast.start('file', { id: 'keys-refused', input: 'go' });
    await expect(refused.result()).rejects.toMatchObject({
      code: 'Model.Auth',
      hint: expect.stringContaining('providers.file.key'),
    });
    expect(asked).toHaveLength(1);
    expect(await everythingOf('keys-refused')).not.toContain(KEYS.file);
    writeFileSync(file, 'canary-key-file-new');
    const run = await temporal.holdfast.start('file', { id: 'keys-replaced', input: 'go' });
    expect((await run.result()).output).toBe('new key');
    expect(asked.map(({ key }) => key)).toEqual([KEYS.file, KEYS.file, 'canary-key-file-new']);
  });
});

test('a key that is not there fails the run as a missing one; a Vault that is down is asked again', async () => {
  const { file, options } = setUp();
  rmSync(file);
  await temporal.during(options, async () => {
    const missing = await temporal.holdfast.start('file', { id: 'keys-missing', input: 'go' });
    await expect(missing.result()).rejects.toMatchObject({ code: 'Model.MissingKey' });
    expect(asked).toEqual([]);
    vaultDown = 1;
    const run = await temporal.holdfast.start('vault', { id: 'keys-vault-down', input: 'go' });
    expect((await run.result()).output).toBe('ok');
    expect(vaultDown).toBeLessThan(0);
  });
});

test('a key in place of a reference is refused, and not repeated', () => {
  const folder = temporal.folder();
  const settings = { version: 1, providers: { openai: { key: 'canary-written-here' } } };
  writeFileSync(path.join(folder, 'holdfast.yaml'), JSON.stringify(settings));
  let told = '';
  try {
    loadConfig({ root: folder, env: {} });
  } catch (error) {
    told = String(error) + JSON.stringify(error);
  }
  expect(told).toContain('not a reference');
  expect(told).not.toContain('canary');
});
