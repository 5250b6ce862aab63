import { HoldfastError } from '../../protocol/failures';
import type { ProcessIdentity } from './process-identity';
import { tailOfLog } from './server-log';
import type { Settings } from './settings';

export const USABLE_HOME = 'Set HOLDFAST_HOME to a folder you may write to.';

export function neverHealthy(settings: Settings, died: boolean, problem: unknown): HoldfastError {
  const what = died
    ? 'ended at once'
    : `did not answer within ${settings.startTimeoutMs / 1000} s (${messageOf(problem)})`;
  const tail = tailOfLog(settings.logFile);
  if (/disk is full|no space left/i.test(tail)) {
    return new HoldfastError(
      'Storage.Full',
      `the Temporal server ${what}: no space left on the disk of ${settings.home}`,
      {
        hint: 'Free space there and start again; the runs are kept.',
        cause: problem,
      },
    );
  }
  const hint = /not a database|malformed|corrupt/i.test(tail)
    ? `The database is damaged. Move ${settings.databaseFile} away to start with an empty one.`
    : `The whole log is ${settings.logFile}.`;
  return startFailed(`the Temporal server ${what}; its last words:\n${tail}`, hint, problem);
}

export function silent(settings: Settings, pid: number, address: string, problem: unknown): HoldfastError {
  return startFailed(
    `Temporal runs in ${settings.home} as process ${pid}, but does not answer at ${address} (${messageOf(problem)})`,
    `End process ${pid} and try again.`,
    problem,
  );
}

export function lockedOut({ home, lockFile }: Settings) {
  return (holder: ProcessIdentity) =>
    startFailed(
      `process ${holder.pid} has been starting Temporal in ${home} for too long`,
      `End process ${holder.pid}, or remove ${lockFile} if it is not Holdfast.`,
    );
}

export function startFailed(message: string, hint: string, cause?: unknown): HoldfastError {
  return new HoldfastError('Server.StartFailed', message, { hint, cause });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
