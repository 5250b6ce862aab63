import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/**
 * Starts the program and outlives nobody. Its standard input is a pipe whose other end only our process holds: however
 * our process ends, SIGKILL included, the kernel closes that end, `cat` returns and the program is killed, which a
 * database that writes ahead survives. Chosen over Linux's parent-death signal because it works on macOS too, needs no native code, and is not tied
 * to the thread that happened to fork. It costs a shell of 1 MB.
 *
 * The guard has a session of its own, so a Ctrl-C in the terminal reaches our process and not the program: we decide
 * when it stops.
 */
const GUARD = `
exec 3<&0 4>&1 1>>"$1" 2>&1
shift
"$@" </dev/null 3<&- 4>&- &
program=$!
echo "$program" >&4
exec 4>&-
{
  cat <&3 >/dev/null
  kill -KILL "$program" 2>/dev/null
} &
watcher=$!
exec 3<&-
wait "$program"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

export interface GuardedProcess {
  /** Of the program itself, not of its guard. */
  readonly pid: number;
  /** Its exit code as a shell tells it: 128 + the signal's number when a signal ended it. */
  readonly exited: Promise<number>;
  /** Ends the program as our death would. */
  release(): void;
}

/**
 * Runs a program that dies with this process. Both its outputs are appended to the log file.
 *
 * @throws when the guard cannot be started or does not report a process id.
 */
export async function spawnGuarded(program: string, args: readonly string[], logFile: string): Promise<GuardedProcess> {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'holdfast-guard', logFile, program, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    env: cleanEnvironment(),
  });
  const exited = new Promise<number>((resolve) => guard.once('exit', (code) => resolve(code ?? KILLED)));
  const pid = await reportedPid(guard);
  // A program on guard is no reason for our process to go on.
  guard.unref();
  return { pid, exited, release: () => guard.stdin.destroy() };
}

/** The guard itself was killed; a shell would tell its SIGKILL like this. */
const KILLED = 137;

async function reportedPid(guard: ChildProcessByStdio<Writable, Readable, null>): Promise<number> {
  const failed = new Promise<never>((_, reject) => guard.once('error', reject));
  const lines = createInterface({ input: guard.stdout });
  const line = new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(new Error('the guard ended before it started the program; is the log writable?')));
  });
  const pid = Number(await Promise.race([line, failed]));
  lines.close();
  guard.stdout.destroy();
  return pid;
}

/** The CLI reads `TEMPORAL_*` as settings for itself; the server must not follow the user's choice of a cluster. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
