import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedServer, startEmbeddedServer } from '../../workers/embedded/embedded-server';

const root = path.join(__dirname, '..', '..');
const folder = path.join(root, 'examples');
/** Found, not listed: a new example is tested by being there. */
const examples = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, 'main.ts')));

let home = '';
let server: EmbeddedServer;

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'holdfast-examples-'));
  server = await startEmbeddedServer({ home, port: 0, uiPort: 0, log: () => undefined });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** As a stranger runs it, but without keys and on a server of our own. */
function runExample(name: string): Promise<Ended> {
  const { OPENAI_API_KEY: _openai, ANTHROPIC_API_KEY: _anthropic, HOLDFAST_MODEL: _model, ...rest } = process.env;
  const env = { ...rest, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace, HOLDFAST_HOME: home };
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'example.mjs'), name], { env });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ended.stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

test('there are examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(3);
});

test.each(examples)(
  '%s does what it promises, and prints what its README shows',
  async (name) => {
    const { code, stdout, stderr } = await runExample(name);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const readme = readFileSync(path.join(folder, name, 'README.md'), 'utf8');
    const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
    const shown = blocks.find(([, language]) => language === '')?.[2] ?? '';
    expect(stdout.trim()).toBe(shown.trim());
  },
  120_000,
);

test.each(examples)('%s imports only what is published', (name) => {
  const files = readdirSync(path.join(folder, name)).filter((file) => file.endsWith('.ts'));
  const text = files.map((file) => readFileSync(path.join(folder, name, file), 'utf8')).join('\n');
  const imported = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from ?? '');
  const published = /^(?:holdfast(?:\/(?:workflow|worker|client))?|@temporalio\/\w+|zod|node:[\w/]+|\.\/[\w-]+)$/;
  expect(imported.filter((from) => !published.test(from))).toEqual([]);
});

test('an example that there is not is refused', async () => {
  const { code, stderr } = await runExample('no-such-example');
  expect(code).toBe(2);
  expect(stderr).toContain('Known: 01-hello');
});
