import { rmSync } from 'node:fs';
import { sharedServer } from './shared-server';

/** The last suite to go stops the server and removes its home. */
export default async function stopServer(): Promise<void> {
  const shared = sharedServer();
  shared.users -= 1;
  if (shared.users > 0 || shared.starting === undefined) return;
  const { home, server } = await shared.starting;
  shared.starting = undefined;
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}
