import type { VendorReply } from '../../testing/vendor-server';
import { eventually } from '../fixtures/eventually';
import type { Ended } from './cli-harness';
import { useCliWithin } from './cli-within';

/** The registry of agents on the command line, beside `dev`, which enters its agents by itself. */

const within = useCliWithin('cli-registry', { HOLDFAST_USER: 'ana' });
const { cli, write, saying } = within;
let dev: Promise<Ended>;

const answer = ({ system }: { system: string }): VendorReply =>
  system.includes('clumsy') ? { status: 400 } : { text: 'done' };

const yaml = (text: string, more = ''): string =>
  `instructions: ${text}\nmodel: openai/gpt-5-mini\ncapabilities: [code]\nrole: engineer\n${more}`;

beforeAll(async () => {
  write('agents/deft.yaml', yaml('I am deft.', 'description: Writes programs.\n'));
  write('agents/clumsy.yaml', yaml('I am clumsy.', 'priority: 1\n'));
  within.vendor.setScript(answer as never);
  dev = cli('dev', '--grace', '1s');
  await within.shows(/Ready/);
}, 120_000);

afterAll(async () => {
  process.emit('SIGINT', 'SIGINT');
  await dev;
}, 60_000);

test('agents of dev are found by what they are, and shown; what is not there has its code', async () => {
  saying(false, []);
  await eventually(async () =>
    expect((await cli('agent', 'find', '--can', 'code')).stdout).toMatch(/^deft +active +0\.50/m),
  );
  expect((await cli('agent', 'find', 'PROGRAMS', '--role', 'engineer')).stdout).not.toContain('clumsy');
  const found = JSON.parse((await cli('agent', 'find', '--json', '--queue', 'holdfast', '--can', 'code')).stdout);
  expect(found).toMatchObject({
    total: 2,
    agents: [
      { name: 'clumsy', version: 1 },
      { name: 'deft', queues: ['holdfast'] },
    ],
  });
  expect((await cli('agent', 'show', 'deft', '--registered')).stdout).toMatch(
    /^deft · active · version 1 · revision [0-9a-f]+\n[\s\S]*served on +holdfast\n[\s\S]*reputation 0\.50 of 0 attempts, 0 ratings/,
  );
  // Without the flag it is the project's, as before.
  expect((await cli('agent', 'show', 'deft')).stdout).toContain('I am deft.');
  const missing = await cli('agent', 'show', 'nobody', '--registered', '--json');
  expect(missing.code).toBe(2);
  expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'Registry.Unknown' } });
  expect((await cli('agent', 'find', '--registry', 'elsewhere')).stdout).toContain('no agents are registered');
}, 60_000);

test('plans tell how agents do; people rate and pause them; the next piece of work goes elsewhere', async () => {
  saying(false, []);
  const nodes = Array.from({ length: 12 }, (_, at) => `  - { id: n${at}, goal: G, needs: [code] }\n`).join('');
  write('both.yaml', `name: both\nassign: round-robin\nonFailure: continue\nnodes:\n${nodes}`);
  expect((await cli('task', 'submit', '-f', `${within.folder}/both.yaml`, '--id', 'both')).stdout).toBeDefined();
  await eventually(async () =>
    expect((await cli('agent', 'show', 'deft', '--registered')).stdout).toMatch(
      /of 6 attempts[\s\S]*success +0\.8[78] +× 0\.5 +[\s\S]*code +6\.0 +100 %/,
    ),
  );
  expect((await cli('agent', 'route', 'code', '--assign', 'priority')).stdout).toMatch(/^clumsy\n {2}on holdfast\n/);
  const routed = JSON.parse(
    (await cli('agent', 'route', 'code', '--assign', 'learned', '--seed', '1', '--json')).stdout,
  );
  expect(routed).toMatchObject({
    agent: 'deft',
    taskQueue: 'holdfast',
    because: expect.stringMatching(/^learned: does best/),
  });
  expect((await cli('agent', 'rate', 'clumsy', '--stars', '1', '--reason', 'all of it failed')).stdout).toMatch(
    /^clumsy is rated; its reputation is 0\.[0-3]/,
  );
  expect((await cli('agent', 'pause', 'clumsy', '--reason', 'to be mended')).stdout).toBe(
    'clumsy is not chosen any more\n',
  );
  expect((await cli('agent', 'show', 'clumsy', '--registered')).stdout).toMatch(
    /paused +by ana: to be mended[\s\S]*ana: 1 of 5, all of it failed/,
  );
  expect((await cli('agent', 'route', 'code', '--assign', 'priority')).stdout).toMatch(/^deft\n/);
  expect((await cli('agent', 'resume', 'clumsy')).code).toBe(0);
  write('learned.yaml', `name: learned\nassign: learned\nexploration: 0\nnodes:\n${nodes}`);
  const done = await cli('task', 'submit', '-f', `${within.folder}/learned.yaml`, '--id', 'learned');
  expect(done.code).toBe(0);
  expect(await cli('agent', 'route', 'flying')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Registry.NoCandidate'),
  });
}, 90_000);

test('agents are entered by hand too, each change a version; a change of what has changed is refused', async () => {
  saying(false, []);
  const register = (...more: string[]) => cli('agent', 'register', 'deft', '--registry', 'hand', ...more);
  expect((await register()).stdout).toBe('1 added, 0 updated, 0 as they were\n');
  expect((await cli('agent', 'find', '--registry', 'hand')).stdout).toMatch(/^deft +unserved/m);
  expect((await register('--queue', 'far')).stdout).toBe('0 added, 0 updated, 1 as they were\n');
  const late = await register('--if-version', '7');
  expect(late).toMatchObject({ code: 2, stderr: expect.stringContaining('Registry.Conflict') });
  expect((await cli('agent', 'remove', 'deft', '--registry', 'hand')).stdout).toBe('deft is removed\n');
  expect((await cli('agent', 'find', '--registry', 'hand')).stdout).toContain('no agents are registered');
  expect(await cli('agent', 'register', 'nobody')).toMatchObject({ code: 2 });
}, 60_000);

test('a file that changes is taken over, and entered as a new version', async () => {
  saying(false, []);
  write('agents/deft.yaml', yaml('I am very deft.', 'description: Writes better programs.\n'));
  await eventually(async () =>
    expect((await cli('agent', 'show', 'deft', '--registered')).stdout).toMatch(/version 2[\s\S]*better programs/),
  );
}, 60_000);
