import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { HoldfastError } from '../../protocol/failures';

/** The embedded server is for this machine only. */
export const LOOPBACK = '127.0.0.1';

/** A TCP port on loopback that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  return (await tryListen(0)) as number;
}

/**
 * @param setting the environment variable that moves this port, for the hint.
 * @throws HoldfastError `Server.PortBusy`, naming the holder where the system tells.
 */
export async function requireFreePort(port: number, purpose: string, setting: string): Promise<void> {
  if ((await tryListen(port)) !== undefined) return;
  const holder = holderOf(port);
  const by = holder === undefined ? 'another process' : `process ${holder.pid} (${holder.command})`;
  throw new HoldfastError('Server.PortBusy', `port ${port} for ${purpose} is in use by ${by}`, {
    hint: `Stop it, set ${setting} to another port, or, if it is a Temporal server you want to use, set TEMPORAL_ADDRESS=${LOOPBACK}:${port}.`,
    details: { port, ...holder },
  });
}

/** The port, or undefined when it is taken. Ports one may not bind count as taken too. */
function tryListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      const address = probe.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      probe.close(() => resolve(bound));
    });
  });
}

export interface PortHolder {
  pid: number;
  command: string;
}

/** Who listens on a TCP port, where /proc tells (Linux, and the process is ours to look at). */
export function holderOf(port: number): PortHolder | undefined {
  try {
    const inodes = new Set([...listeningInodes('/proc/net/tcp', port), ...listeningInodes('/proc/net/tcp6', port)]);
    if (inodes.size === 0) return undefined;
    const pid = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .find((candidate) => holdsSocket(candidate, inodes));
    return pid === undefined ? undefined : { pid: Number(pid), command: commandOf(pid) };
  } catch {
    return undefined;
  }
}

const LISTEN = '0A';

function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync(table, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === LISTEN)
    .map((fields) => fields[9] ?? '');
}

function holdsSocket(pid: string, inodes: Set<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    return false;
  }
}

/** Descriptors close while we look. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

const COMMAND_LIMIT = 80;

function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim().slice(0, COMMAND_LIMIT);
}
