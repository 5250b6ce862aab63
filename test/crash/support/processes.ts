import { identify, isAlive, type ProcessIdentity } from '../../../workers/embedded/process-identity';

/** Every process the tests of one file started, by identity: a process id alone may name a stranger by now. */
const started: { what: string; identity: ProcessIdentity }[] = [];

/** Remembers a process, so that its survival would be noticed. */
export function watch(pid: number | undefined, what: string): void {
  const identity = pid === undefined ? undefined : identify(pid);
  if (identity) started.push({ what, identity });
}

/** Those still there after a moment of patience. */
export async function survivors(patienceMs = 5_000): Promise<string[]> {
  const deadline = Date.now() + patienceMs;
  const alive = () => started.filter(({ identity }) => isAlive(identity));
  while (alive().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  return alive().map(({ what, identity }) => `${what} (process ${identity.pid})`);
}
