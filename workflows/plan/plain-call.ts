import { ActivityFailure, isCancellation, patched, scheduleActivity, workflowInfo } from '@temporalio/workflow';
import type { InvokeModelInput, InvokeModelResult, LeaseShort } from '../../protocol/activities';
import { rollDigest } from '../../protocol/digest';
import type { Ending, PlanInput } from '../../protocol/plan/state';
import { modelOptions } from '../activity-options';
import { lostUsdOf } from '../failures';
import { messageOf } from '../message-of';
import { cutHere, HANDS_ON_WHOLE } from './large-given';
import type { Begin } from './plan-desk';
import { callSummary, optionsOf, runOptions, taskOf } from './shared';

/** A task of more characters is given to a run, whose model call can pull it. */
const MAX_CHARS = 200_000;

/** What a call cost, and how it ended its node, if it did. */
export type Called = Pick<Ending, 'costUsd' | 'tokens'> & { ending?: Ending };
export const NOTHING_SPENT: Called = { costUsd: 0, tokens: 0 };

/**
 * A node whose agent has no tools is one model call: an activity of the plan, without a run around it.
 * @returns without an ending where that gave no plain answer, and a run has to see to it: a limit, a model that stands in, an answer
 * to be repaired.
 */
export async function plainCall(begin: Begin, plan: PlanInput): Promise<Called> {
  const { priority, tainted } = begin;
  const input = callInput(begin, plan);
  if (!input) return NOTHING_SPENT;
  try {
    const options = modelOptions(callSummary(begin), priority);
    const reply = await scheduleActivity<InvokeModelResult | LeaseShort>('invokeModel', [input], options);
    if ('short' in reply) return NOTHING_SPENT;
    const { usage, costUsd, lostUsd = 0 } = reply;
    const spent = { costUsd: (costUsd ?? 0) + lostUsd, tokens: usage.inputTokens + usage.outputTokens };
    const answer = largeOf(reply, input) ?? answerOf(reply);
    const { tainted: sources } = runOptions(plan, tainted);
    if (!answer) return spent;
    return { ...spent, ending: { status: 'done', ...answer, ...spent, ...(sources && { tainted: sources }) } };
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const spent = { ...NOTHING_SPENT, costUsd: lostUsdOf(error) ?? 0 };
    // What was sent may be billed all the same.
    return isCancellation(error) ? { ...spent, ending: { status: 'cancelled', reason: 'cancelled', ...spent } } : spent;
  }
}

function callInput(begin: Begin, plan: PlanInput): InvokeModelInput | undefined {
  const { node, agent, attempt } = begin;
  const message = messageOf(taskOf(begin));
  const text = JSON.stringify(message);
  if (text.length > MAX_CHARS) return undefined;
  const { firstExecutionRunId } = workflowInfo();
  const firstRunId = `${firstExecutionRunId}:${node.id}:${attempt}`;
  const models = plan.authority?.flatMap(({ policy }) => (policy.models ? [policy.models] : [])) ?? [];
  return {
    transcript: { firstRunId, length: 1, digest: rollDigest('', text), delta: [message] },
    turn: 1,
    agent,
    contextFrom: 0,
    options: optionsOf(begin),
    ...(plan.dryRun && { dryRun: true as const }),
    ...(models.length > 0 && { models }),
  };
}

type Answer = Pick<Ending, 'output' | 'artifact'>;

/** The whole answer, checked where it has to fit a schema; undefined where there is more to do. */
function answerOf({ message: { content }, finish, output }: InvokeModelResult): Answer | undefined {
  if (finish !== 'end' || content.some((part) => part.artifact !== undefined)) return undefined;
  if (output) return output.ok ? { output: output.value } : undefined;
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return text.trim() === '' ? undefined : { output: text };
}

/** An answer that is kept outside the history. */
function largeOf(reply: InvokeModelResult, { transcript }: InvokeModelInput): Answer | undefined {
  const { message, finish, output: checked } = reply;
  const [part, ...others] = message.content.filter(({ type }) => type === 'text');
  if (part?.type !== 'text' || !part.artifact || others.length > 0) return undefined;
  if (finish !== 'end' || checked?.ok === false || !patched(HANDS_ON_WHOLE)) return undefined;
  const { workflowId: run } = workflowInfo();
  return {
    output: cutHere(part.text, part.artifact),
    artifact: { ...part.artifact, of: { run, firstRunId: transcript.firstRunId } },
  };
}
