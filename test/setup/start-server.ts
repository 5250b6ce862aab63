import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedServer } from '../../workers/embedded/embedded-server';
import { type RunningServer, sharedServer } from './shared-server';

/**
 * One tuned server for every suite that names this file, started by whichever comes first; jest runs the set-ups of its
 * projects in one process, one after the other. Tests find it through `HOLDFAST_TEST_ADDRESS`.
 */
export default async function startServer(): Promise<void> {
  const shared = sharedServer();
  shared.users += 1;
  shared.starting ??= start();
  const { home, server } = await shared.starting;
  process.env.HOLDFAST_TEST_ADDRESS = server.address;
  process.env.HOLDFAST_TEST_NAMESPACE = server.namespace;
  process.env.HOLDFAST_TEST_BUNDLES = path.join(home, 'bundles');
}

/** A run that goes on as new within a second of its start would wait for the rest of that second; tests do little else. */
const PROMPT_ROLLOVER = '--dynamic-config-value=history.workflowIdReuseMinimalInterval="10ms"';

async function start(): Promise<RunningServer> {
  const home = mkdtempSync(path.join(tmpdir(), 'holdfast-test-'));
  const log = (line: string) => process.stderr.write(`${line}\n`);
  return { home, server: await startEmbeddedServer({ home, port: 0, uiPort: 0, log, extraFlags: [PROMPT_ROLLOVER] }) };
}
