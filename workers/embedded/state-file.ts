import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ProcessIdentity } from './process-identity';

/** What a running embedded server tells whoever comes later to the same home. */
export interface ServerState {
  server: ProcessIdentity;
  port: number;
  uiPort: number;
}

/** Undefined when there is none, or when it is not whole: then no server of ours is behind it. */
export function readState(path: string): ServerState | undefined {
  try {
    const { server, port, uiPort } = (JSON.parse(readFileSync(path, 'utf8')) ?? {}) as Partial<ServerState>;
    const whole = typeof server?.pid === 'number' && typeof port === 'number' && typeof uiPort === 'number';
    return whole ? { server, port, uiPort } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeState(path: string, state: ServerState): void {
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(state));
  renameSync(aside, path);
}

/** Only the server that wrote it: a successor's is left alone. */
export function removeState(path: string, server: ProcessIdentity): void {
  const state = readState(path);
  if (state?.server.pid === server.pid && state.server.startedAt === server.startedAt) rmSync(path, { force: true });
}
