import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { type ReplayWorkerOptions, Worker } from '@temporalio/worker';
import { HoldfastPlugin } from '../workers/plugin';

/** What the histories are replayed on, besides the workflows of this build. */
export interface ReplayOptions {
  /** Your own workflows, beside ours. */
  workflowsPath?: string;
  /** Any other option of a replaying worker. */
  worker?: Partial<ReplayWorkerOptions>;
}

/** Why a recorded history does not run on this build any more; undefined where it does. */
export type ReplayVerdicts = Record<string, Error | undefined>;

/**
 * Replays every recorded history (`*.json`, as `temporal workflow show --output json` writes it) of a folder on the workflows
 * of this build, without a server and without running any activity. One verdict a file; nothing is thrown for a mismatch.
 *
 * @example
 * ```ts
 * import { replayHistories } from 'holdfast/testing';
 *
 * test('runs that were recorded go on with this build', async () => {
 *   const verdicts = await replayHistories('test/histories', { workflowsPath: require.resolve('../workflows') });
 *   for (const [file, error] of Object.entries(verdicts)) expect([file, error]).toEqual([file, undefined]);
 * });
 * ```
 */
export async function replayHistories(folder: string, options: ReplayOptions = {}): Promise<ReplayVerdicts> {
  const verdicts: ReplayVerdicts = {};
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const recorded = files.sort().map((name) => readHistory(folder, name));
  const nameOf = new Map(recorded.map(({ name, runId }) => [runId, name]));
  const worker: ReplayWorkerOptions = {
    ...options.worker,
    ...(options.workflowsPath !== undefined && { workflowsPath: options.workflowsPath }),
    plugins: [new HoldfastPlugin(), ...(options.worker?.plugins ?? [])],
  };
  for await (const { runId, error } of Worker.runReplayHistories(worker, recorded)) {
    verdicts[nameOf.get(runId) ?? runId] = error;
  }
  return verdicts;
}

/** With the workflow id it was recorded under: the ids of its children begin with it. */
function readHistory(folder: string, name: string) {
  const history = historyFromJSON(JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
  const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
  return { name, history, workflowId: started?.workflowId || name, runId: started?.originalExecutionRunId ?? name };
}
