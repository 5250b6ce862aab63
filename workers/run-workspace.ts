import { runFolders } from '../activities/run-tool';

/** The folder on this machine where a run's tools read and write. */
export function runWorkspace(home: string, id: string, firstRunId: string): string {
  return runFolders(home, `${id}:${firstRunId}`).root;
}
