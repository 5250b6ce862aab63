import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { Secrets } from '../../activities/secrets/secrets';
import { Redactor } from '../../activities/tools/redactor';

const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-secrets-'));
let vault: Server;
let address = '';
let answer: (request: IncomingMessage) => { status: number; body?: unknown; delayMs?: number };
const asked: { url: string; token: unknown; namespace: unknown }[] = [];

beforeAll(async () => {
  vault = createServer((request, response) => {
    const { 'x-vault-token': token, 'x-vault-namespace': namespace } = request.headers;
    asked.push({ url: request.url ?? '', token, namespace });
    const { status, body, delayMs = 0 } = answer(request);
    setTimeout(
      () => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {})),
      delayMs,
    );
  });
  await new Promise<void>((resolve) => vault.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(vault.address() as AddressInfo).port}`;
});
afterAll(() => {
  vault.closeAllConnections();
  vault.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => asked.splice(0));

const kv = (data: object) => ({ status: 200, body: { data: { data, metadata: { version: 3 } } } });
const inVault = (env: object = {}, leaseMs?: number) =>
  new Secrets({
    references: { TOKEN: 'vault:kv/team/bot#token' },
    env: { VAULT_ADDR: `${address}/`, VAULT_TOKEN: 's.one', ...env },
    ...(leaseMs && { leaseMs }),
  });

describe('a secret in Vault', () => {
  test('is read by version 2 of the protocol, once for a run, and again when its lease is over', async () => {
    answer = () => kv({ token: `canary-${asked.length}` });
    const secrets = inVault({ VAULT_NAMESPACE: 'team' }, 200);
    const lease = async (run: string) => (await secrets.lease(run, ['TOKEN'])).get('TOKEN');
    expect([await lease('a'), await lease('a'), await lease('b')]).toEqual(['canary-1', 'canary-1', 'canary-2']);
    expect(asked[0]).toEqual({ url: '/v1/kv/data/team/bot', token: 's.one', namespace: 'team' });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await lease('a')).toBe('canary-3');
    expect(secrets.redactor.text('canary-1 canary-3')).toBe('[secret TOKEN] [secret TOKEN]');
  });

  test('is asked for again with the token as it is now, when the old one is refused', async () => {
    const file = path.join(folder, 'token');
    writeFileSync(file, 's.old\n');
    answer = ({ headers }) => {
      writeFileSync(file, 's.new\n');
      return headers['x-vault-token'] === 's.new' ? kv({ token: 'canary-new' }) : { status: 403 };
    };
    const lease = await inVault({ VAULT_TOKEN: undefined, VAULT_TOKEN_FILE: file }).lease('a', ['TOKEN']);
    expect(lease.get('TOKEN')).toBe('canary-new');
    expect(asked.map(({ token }) => token)).toEqual(['s.old', 's.new']);
  });

  test.each([
    ['Secret.Missing', { status: 403 }],
    ['Secret.Missing', { status: 404 }],
    ['Secret.Missing', kv({ other: 'x' })],
    ['Secret.Missing', { status: 200, body: { data: { data: null } } }],
    ['Secret.Unavailable', { status: 503, body: { errors: ['sealed, token s.one'] } }],
    ['Secret.Unavailable', { status: 301 }],
  ])('%s, and nothing of what Vault said', async (code, reply) => {
    answer = () => reply;
    const error = (await inVault().lease('a', ['TOKEN'])).get('TOKEN');
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error) + String(error)).not.toContain('s.one');
  });

  test('that nobody answers for is unavailable', async () => {
    const lease = await inVault({ VAULT_ADDR: 'http://127.0.0.1:9' }).lease('a', ['TOKEN']);
    expect(lease.get('TOKEN')).toMatchObject({ code: 'Secret.Unavailable' });
  });
});

test('files and variables are read when they are needed; what is no reference is refused without being repeated', async () => {
  const file = path.join(folder, 'key');
  writeFileSync(file, 'canary-file\n');
  const secrets = new Secrets({
    references: { A: `file:${file}`, B: 'env:OTHER', D: 'file:/nowhere' },
    env: { OTHER: 'canary-env', C: 'canary-c' },
  });
  const lease = await secrets.lease('a', ['A', 'B', 'C', 'D', 'E']);
  expect(['A', 'B', 'C'].map((name) => lease.get(name))).toEqual(['canary-file', 'canary-env', 'canary-c']);
  expect([lease.get('D'), lease.get('E')]).toMatchObject([{ code: 'Secret.Missing' }, { code: 'Secret.Missing' }]);
  for (const wrong of ['canary-itself', 'vault:kv#x', 'vault:kv/../sys#x', 'env:A B']) {
    let message = '';
    try {
      new Secrets({ references: { A: wrong }, env: {} });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('secrets.A: not a reference');
    expect(message).not.toContain(wrong);
  }
});

describe('the redactor', () => {
  const secret = fc.string({ minLength: 6, maxLength: 40 }).filter((text) => text.trim().length >= 6);

  test('finds a secret in every usual form, anywhere in a text', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        const redactor = new Redactor();
        redactor.add('KEY', value);
        const bare = value.trim();
        const inside = `${before}${bare}${after}`;
        for (const [form, text] of [
          [bare, inside],
          [JSON.stringify(bare).slice(1, -1), JSON.stringify({ x: bare })],
          [encodeURIComponent(bare), `https://x/?k=${encodeURIComponent(bare)}`],
          [Buffer.from(bare).toString('hex'), Buffer.from(bare).toString('hex')],
        ] as const) {
          if (!'[secret KEY]'.includes(form)) expect(redactor.text(text)).not.toContain(form);
        }
      }),
    );
  });

  test('finds it in base64 of a longer text, wherever it begins', () => {
    const redactor = new Redactor();
    redactor.add('KEY', 'canary-0123456789');
    for (const before of ['', 'u', 'us', 'use', 'user:']) {
      for (const coding of ['base64', 'base64url'] as const) {
        const clean = redactor.text(Buffer.from(`${before}canary-0123456789 and more`).toString(coding));
        expect(Buffer.from(clean.replace(/\[secret KEY\]/, ''), coding).toString()).not.toContain('canary-012345');
        expect(clean).toContain('[secret KEY]');
      }
    }
  });

  test('finds it across any pieces of a stream, and loses nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 7 }), { maxLength: 8 }),
        fc.array(fc.nat(60), { maxLength: 8 }),
        (texts, cuts) => {
          const redactor = new Redactor();
          redactor.add('KEY', 'canary-0123456789');
          const whole = texts.join('canary-0123456789');
          const pieces = redactor.pieces();
          let clean = '';
          let from = 0;
          for (const size of cuts) {
            clean += pieces.push(whole.slice(from, from + size));
            from += size;
          }
          clean += pieces.push(whole.slice(from)) + pieces.end();
          expect(clean).toBe(redactor.text(whole));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('changes errors with all they carry, and nothing when there is nothing to hide', () => {
    const error = new Error('canary-0123456789 refused', { cause: new Error('canary-0123456789') });
    expect(new Redactor().error(error).message).toContain('canary');
    const redactor = new Redactor();
    redactor.add('KEY', 'canary-0123456789');
    const clean = redactor.error(Object.assign(error, { details: [{ at: 'canary-0123456789' }] }));
    expect(`${clean.stack}${(clean.cause as Error).stack}${JSON.stringify(clean)}`).not.toContain('canary');
    redactor.add('SHORT', 'abc');
    expect(redactor.text('abc')).toBe('abc');
  });
});
