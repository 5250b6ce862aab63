import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE } from '../../protocol/names';
import { type EmbeddedServer, startEmbeddedServer } from '../../workers/embedded/embedded-server';
import { freePort } from '../../workers/embedded/ports';
import { identify, ownIdentity } from '../../workers/embedded/process-identity';
import type { EmbeddedServerOptions } from '../../workers/embedded/settings';
import { ensureSearchAttributes } from '../../workers/search-attributes';
import { endParent, type ParentProcess, spawnParent } from './parent-process';

let home: string;
const servers: EmbeddedServer[] = [];
const parents: ParentProcess[] = [];

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'holdfast-embedded-'));
});

afterEach(async () => {
  for (const parent of parents.splice(0)) await endParent(parent, 'SIGKILL');
  for (const server of servers.splice(0)) await server.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function start(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ home, port: 0, uiPort: 0, ...options });
  servers.push(server);
  return server;
}

async function parent(port = 0): Promise<ParentProcess> {
  const started = await spawnParent(home, port);
  parents.push(started);
  return started;
}

async function withConnection<T>(
  server: { address: string },
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

function startRun(server: EmbeddedServer, workflowId: string) {
  return withConnection(server, (connection) =>
    new Client({ connection }).workflow.start('nobodyRunsThis', { workflowId, taskQueue: 'nobody' }),
  );
}

function describeRun(server: EmbeddedServer, workflowId: string) {
  return withConnection(server, (connection) => new Client({ connection }).workflow.getHandle(workflowId).describe());
}

async function until(met: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!met() && Date.now() < deadline) await sleep(20);
}

describe('a started server', () => {
  test('answers on loopback only, shows its UI and knows our search attributes', async () => {
    const server = await start({ namespace: 'team' });

    expect(server).toMatchObject({ owned: true, namespace: 'team', address: `127.0.0.1:${server.port}` });
    const types = await withConnection(server, async ({ operatorService }) => {
      return (await operatorService.listSearchAttributes({ namespace: 'team' })).customAttributes;
    });
    expect(Object.keys(types ?? {})).toEqual(
      expect.arrayContaining(Object.values(SEARCH_ATTRIBUTE).map((a) => a.name)),
    );
    expect((await fetch(server.uiUrl)).status).toBe(200);
    expect(listeningAddresses(server.pid)).toEqual(['127.0.0.1']);
  });

  test('already has every attribute, so ensuring them changes nothing', async () => {
    const server = await start();
    expect(await withConnection(server, (connection) => ensureSearchAttributes(connection, 'default'))).toEqual([]);
  });

  test('keeps its runs over a stop and a start in the same home', async () => {
    const first = await start();
    await startRun(first, 'kept');
    await first.stop();
    await expect(first.exited).resolves.toEqual({ reason: 'stopped', code: 0 });
    expect(identify(first.pid)).toBeUndefined();

    const second = await start();
    expect((await describeRun(second, 'kept')).status.name).toBe('RUNNING');
  });

  test('moves a log that has grown away', async () => {
    const logFile = path.join(home, 'temporal.log');
    writeFileSync(logFile, 'x'.repeat(5_000_001));
    await start();
    expect(readFileSync(`${logFile}.1`, 'utf8')).toMatch(/^x+$/);
    expect(readFileSync(logFile, 'utf8')).not.toMatch(/^x/);
  });

  test('is killed with its guard', async () => {
    const server = await start();
    const guard = Number(readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
    process.kill(guard, 'SIGKILL');
    await expect(server.exited).resolves.toMatchObject({ reason: 'died' });
    await until(() => identify(server.pid) === undefined, 2_000);
    expect(identify(server.pid)).toBeUndefined();
  });
});

describe('a second start in the same home', () => {
  test('attaches, and letting go leaves the server running', async () => {
    const owner = await start();
    const lines: string[] = [];
    const guest = await start({ log: (line) => lines.push(line) });

    expect(guest).toMatchObject({ owned: false, pid: owner.pid, address: owner.address, uiUrl: owner.uiUrl });
    expect(lines.join()).toContain(`process ${owner.pid}`);
    await guest.stop();
    await expect(guest.exited).resolves.toEqual({ reason: 'stopped' });
    expect(identify(owner.pid)).toBeDefined();
  });

  test('learns of the end of the server it does not own', async () => {
    const owner = await start();
    const guest = await start();
    await owner.stop();
    await expect(guest.exited).resolves.toEqual({ reason: 'died' });
  });

  test('at the same moment in other processes starts exactly one', async () => {
    const both = await Promise.all([parent(), parent(), parent()]);
    const reports = both.map(({ report }) => report);
    expect(reports.filter(({ owned }) => owned)).toHaveLength(1);
    expect(new Set(reports.map(({ pid }) => pid)).size).toBe(1);
  });

  test('takes over the state and the lock of a process that is gone', async () => {
    const stranger = { ...ownIdentity(), startedAt: 'another process had this id' };
    writeFileSync(path.join(home, 'server.json'), JSON.stringify({ server: stranger, port: 1, uiPort: 2 }));
    writeFileSync(path.join(home, 'server.lock'), JSON.stringify({ ...stranger, nonce: 'dead' }));
    const server = await start();
    expect(server).toMatchObject({ owned: true });
    const state = JSON.parse(readFileSync(path.join(home, 'server.json'), 'utf8'));
    expect(state).toMatchObject({ server: { pid: server.pid }, port: server.port });
  });

  test('is refused when what runs there does not answer', async () => {
    const silent = { server: ownIdentity(), port: await freePort(), uiPort: 1 };
    writeFileSync(path.join(home, 'server.json'), JSON.stringify(silent));
    await expect(start({ startTimeoutMs: 100 })).rejects.toMatchObject({
      code: 'Server.StartFailed',
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });

  test('is refused when another has been starting for too long', async () => {
    writeFileSync(path.join(home, 'server.lock'), JSON.stringify({ ...ownIdentity(), nonce: 'slow' }));
    await expect(start({ startTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'Server.StartFailed',
      message: expect.stringContaining(`process ${process.pid} has been starting`),
    });
  });
});

describe('when the owner is killed', () => {
  test('the server is gone within two seconds and its database is whole', async () => {
    const owner = await parent();
    const guest = await start();
    await startRun(guest, 'before the kill');
    await endParent(owner, 'SIGKILL');

    await until(() => identify(owner.report.pid) === undefined, 2_000);
    expect(identify(owner.report.pid)).toBeUndefined();
    await expect(guest.exited).resolves.toEqual({ reason: 'died' });
    const successor = await start({ port: owner.report.port });
    expect(successor).toMatchObject({ owned: true, address: owner.report.address });
    expect((await describeRun(successor, 'before the kill')).status.name).toBe('RUNNING');
  });
});

describe('what stands in the way is named', () => {
  test('a busy port, with who holds it', async () => {
    const squatter = createServer();
    const port = await new Promise<number>((resolve) => {
      squatter.listen(0, '127.0.0.1', () => resolve((squatter.address() as { port: number }).port));
    });
    const busy = { code: 'Server.PortBusy', message: expect.stringContaining(`process ${process.pid}`) };
    await expect(start({ port })).rejects.toMatchObject({ ...busy, details: { port } });
    await expect(start({ uiPort: port })).rejects.toMatchObject({
      ...busy,
      hint: expect.stringContaining('HOLDFAST_TEMPORAL_UI_PORT'),
    });
    squatter.close();
  });

  test('a database that is none', async () => {
    writeFileSync(path.join(home, 'temporal.db'), 'this is not a database'.repeat(100));
    await expect(start()).rejects.toMatchObject({
      code: 'Server.StartFailed',
      hint: expect.stringContaining(`Move ${path.join(home, 'temporal.db')}`),
    });
  });

  test('a flag the server does not know, in its own words', async () => {
    await expect(start({ extraFlags: ['--no-such-flag'] })).rejects.toMatchObject({
      code: 'Server.StartFailed',
      message: expect.stringContaining('no-such-flag'),
    });
  });

  test('a home that cannot be', async () => {
    const file = path.join(home, 'file');
    writeFileSync(file, '');
    await expect(start({ home: path.join(file, 'home') })).rejects.toMatchObject({
      code: 'Server.StartFailed',
      hint: expect.stringContaining('HOLDFAST_HOME'),
    });
  });

  test('a server that never answers, which is not left running', async () => {
    const env = {
      ...process.env,
      HOLDFAST_TEMPORAL_CLI: pretender('trap "" TERM; echo $$ > "$0.pid"; while :; do sleep 0.1; done'),
    };
    await expect(start({ env, startTimeoutMs: 500 })).rejects.toMatchObject({
      code: 'Server.StartFailed',
      message: expect.stringContaining('did not answer within 0.5 s'),
      hint: expect.stringContaining('temporal.log'),
    });
    expect(identify(Number(readFileSync(`${env.HOLDFAST_TEMPORAL_CLI}.pid`, 'utf8')))).toBeUndefined();
    expect(existsSync(path.join(home, 'server.json'))).toBe(false);
  });

  test('a log that cannot be written', async () => {
    mkdirSync(path.join(home, 'temporal.log'));
    await expect(start()).rejects.toMatchObject({
      code: 'Server.StartFailed',
      message: expect.stringContaining('is the log writable?'),
    });
  });

  test('a state file that cannot be read', async () => {
    rmSync(home, { recursive: true });
    writeFileSync(home, 'a file where the home should be');
    await expect(start()).rejects.toMatchObject({ code: 'Server.StartFailed' });
  });
});

/** A Temporal CLI that tells a version and otherwise does what the test wants. */
function pretender(script: string): string {
  const file = path.join(home, 'pretender');
  writeFileSync(file, `#!/bin/sh\n[ "$1" = --version ] && echo "temporal version 0 (Server 0)" && exit\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Every address the process listens on, from the kernel's tables. */
function listeningAddresses(pid: number): string[] {
  const rows = ['tcp', 'tcp6'].flatMap((table) => {
    const lines = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1);
    return lines.map((line) => line.trim().split(/\s+/));
  });
  const own = socketsOf(pid);
  const addresses = rows.filter((row) => row[3] === '0A' && own.has(row[9] ?? '')).map((row) => readable(row[1] ?? ''));
  return [...new Set(addresses)];
}

function socketsOf(pid: number): Set<string> {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''));
}

/** `0100007F:1C41` is 127.0.0.1; anything longer is IPv6 and shown as it is. */
function readable(hex: string): string {
  const [address = ''] = hex.split(':');
  if (address.length !== 8) return address;
  return (address.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}
