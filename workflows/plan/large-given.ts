import { patched, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { HoldfastActivities } from '../../protocol/activities';
import type { ArtifactRef } from '../../protocol/messages';
import { PLAN_PAGES } from '../activity-options';
import type { Begin } from './plan-desk';

const { keepPlan } = proxyActivities<HoldfastActivities>(PLAN_PAGES);

/** Plans that were begun before hand on the beginning of a large answer. */
export const HANDS_ON_WHOLE = 'plan-hands-on-whole';

/** Characters of all that a task may be handed within the history. */
const INLINE_CHARS = 100_000;

/** The beginning of an answer that is kept elsewhere, as people are shown it. @param run whose answer all of it is. */
export function cutHere(beginning: string, { bytes }: ArtifactRef, run?: string): string {
  const where = run === undefined ? '' : `; all of it is the answer of the run ${run}`;
  return `${beginning}\n\n[The answer is cut here. It has ${bytes} bytes${where}.]`;
}

/** Inputs that are too much together are kept outside the history, the largest first, and given by reference. */
export async function withoutLarge(begin: Begin): Promise<Begin> {
  const texts = Object.entries(begin.inputs).map(([name, value]) => ({ name, text: textOf(value) }));
  let chars = texts.reduce((sum, { text }) => sum + text.length, 0);
  if (chars <= INLINE_CHARS || !patched(HANDS_ON_WHOLE)) return begin;
  const inputs = { ...begin.inputs };
  const large = { ...begin.large };
  const { workflowId: run, firstExecutionRunId: firstRunId } = workflowInfo();
  for (const { name, text } of texts.sort((one, other) => other.text.length - one.text.length)) {
    if (chars <= INLINE_CHARS) break;
    const id = await keepPlan(firstRunId, text);
    large[name] = { id, bytes: text.length, mediaType: 'text/plain', of: { run, firstRunId } };
    delete inputs[name];
    chars -= text.length;
  }
  return { ...begin, inputs, large };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
