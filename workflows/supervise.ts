import { msToNumber } from '@temporalio/common';
import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import { ID_SEPARATOR } from '../protocol/names';
import { toApplicationFailure } from './failures';
import { type RunAgentOptions, runAgent } from './run-agent';
import { type Supervised, type SuperviseOptions, superviseWith } from './supervisor';

/** An agent that is kept alive: a run that fails, or ends without an answer, is started again under a new id. */
export interface SupervisedAgent extends Omit<RunAgentOptions, 'id'> {
  agent: string;
  /** The last part of its runs' ids. Default: the agent's name. */
  name?: string;
}

/**
 * Runs agents, or any work, beside each other and starts again what fails, until all have ended; gives their results by name.
 * @throws ApplicationFailure `Supervision.Escalated` when there were too many restarts within the window; all is ended by then.
 *
 * @example
 * ```ts
 * import { supervise } from 'holdfast/workflow';
 *
 * export async function office(): Promise<unknown> {
 *   const { reader, writer } = await supervise(
 *     [{ agent: 'reader', input: 'the inbox' }, { agent: 'writer', input: 'the digest' }],
 *     { strategy: 'rest-for-one', maxRestarts: 3, window: '1 minute' },
 *   );
 *   return { reader, writer };
 * }
 * ```
 */
export function supervise(
  children: readonly (SupervisedAgent | Supervised)[],
  { window = 60_000, ...options }: SuperviseOptions = {},
): Promise<Record<string, unknown>> {
  return superviseWith(
    children.map(supervised),
    { ...options, windowMs: msToNumber(window as number) },
    {
      now: () => Date.now(),
      begin(work) {
        const scope = new CancellationScope();
        return { result: scope.run(work), cancel: () => scope.cancel() };
      },
      isCancellation,
      raise: toApplicationFailure,
    },
  );
}

function supervised(child: SupervisedAgent | Supervised): Supervised {
  if ('run' in child) return child;
  const { agent, name = agent, ...options } = child;
  return { name, run: (id) => runAgent(agent, { ...options, id, ...sharedEffects(name, id) } as RunAgentOptions) };
}

/** What was started again goes on with the same work: what was done once is done. */
function sharedEffects(name: string, id: string): Pick<RunAgentOptions, 'effectScope'> {
  return id === name ? {} : { effectScope: workflowInfo().workflowId + ID_SEPARATOR + name };
}
