import type { StartOptions } from '../../../client';
import type { Evidence, Expected } from './checker';
import type { Cluster } from './cluster';
import type { Crossing } from './failpoints';
import { readHistory } from './histories';
import type { Plan } from './scripts';
import { readCrossings } from './worker-handle';

/** What the sweeps run: every class of tool in six turns, with a roll-over in the middle. */
export const STANDARD: { plan: Plan; options: Partial<StartOptions> } = {
  plan: { script: 'standard' },
  options: { rolloverTurns: 3 },
};

export async function gather(cluster: Cluster, session: string, result: Evidence['result']): Promise<Evidence> {
  return {
    session,
    result,
    transcript: await cluster.transcript(session),
    history: await cluster.whenUp(() => readHistory(cluster.client, session)),
    ledger: cluster.ledger.entries(session),
  };
}

export interface Undisturbed {
  evidence: Evidence;
  expected: Expected;
  /** Every boundary it crossed, in order. */
  crossings: Crossing[];
}

/** One run to which nothing happens: what the others are measured by. */
export async function undisturbed(cluster: Cluster, { plan, options } = STANDARD): Promise<Undisturbed> {
  const settings = cluster.settings('calm');
  const worker = await cluster.worker(settings);
  const session = `calm-${plan.script}`;
  await cluster.startSession(session, 'calm', plan, options);
  const result = await cluster.result(session);
  const crossings = untilItsEnd(readCrossings(settings.crossings, session));
  const evidence = await gather(cluster, session, result);
  await worker.kill();
  return { evidence, expected: evidence, crossings };
}

/** Without what comes after the workflow's last command: cache evictions and our own queries. */
function untilItsEnd(crossings: Crossing[]): Crossing[] {
  const last = crossings.findIndex(({ key }) => /^commands-made (?!effect).*completeWorkflow/.test(key));
  return crossings.slice(0, last + 1);
}
