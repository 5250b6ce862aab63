import { ActivityFailure, ChildWorkflowFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  executeChild,
  isCancellation,
  scheduleActivity,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Actor } from '../protocol/control';
import type { DeadLetter, DeadLetterAttempt, DeadLetterEnd, DeadWork } from '../protocol/dead-letter';
import type { ToolMessage } from '../protocol/messages';
import { againOptions } from './activity-options';
import { checkActor, refuse } from './check-update';
import type { compensation } from './compensation';
import type { effect } from './effect';
import { discardUpdate, letterQuery, retryUpdate } from './messages';
import { recordLetter } from './search-attributes';

/** What a letter is at the moment; carried when it continues as new. */
interface Held {
  at: number;
  attempts: DeadLetterAttempt[];
}

/** Work that was given up, with its cause and all that is needed to do it again. Kept until somebody retries or discards it. */
export async function deadLetter(
  letter: DeadLetter,
  held: Held = { at: Date.now(), attempts: [] },
): Promise<DeadLetterEnd> {
  const { attempts } = held;
  let end: DeadLetterEnd | undefined;
  let busy = false;
  const open = (): void => {
    if (end) refuse('Control.Illegal', `it was ${end.how} by ${end.by} already`);
    if (busy) refuse('Control.Illegal', 'a retry of it runs already', 'Wait for it: holdfast dead show ID');
  };
  const validator = (actor: Actor): void => {
    checkActor(actor);
    open();
  };
  const retry = async ({ by, reason }: Actor): Promise<string> => {
    busy = true;
    const attempt: DeadLetterAttempt = { by, ...(reason !== undefined && { reason }), at: Date.now(), failure: null };
    attempts.push(attempt);
    try {
      const did = await again(letter.work, attempts.length);
      if ('failure' in did) {
        attempt.failure = did.failure;
        return did.failure;
      }
      end = { how: 'retried', by, ...(reason !== undefined && { reason }), at: Date.now(), result: did.result };
      return 'done';
    } finally {
      busy = false;
      setCurrentDetails(detailsOf(letter, attempts));
    }
  };
  setHandler(letterQuery, () => ({ letter, at: held.at, attempts, end: end ?? null }));
  setHandler(retryUpdate, retry, { validator });
  setHandler(
    discardUpdate,
    ({ by, reason }) => {
      end = { how: 'discarded', by, ...(reason !== undefined && { reason }), at: Date.now() };
    },
    { validator },
  );
  setCurrentDetails(detailsOf(letter, attempts));
  if (workflowInfo().continuedFromExecutionRunId === undefined) recordLetter(letter, 'dead');
  await condition(() => !busy && (end !== undefined || workflowInfo().continueAsNewSuggested));
  await condition(allHandlersFinished);
  if (!end) return continueAsNew<typeof deadLetter>(letter, held);
  recordLetter(letter, end.how);
  return end;
}

/** The work once more. What it may fail with is kept; a bug or a cancellation goes up. */
async function again(work: DeadWork, number: number): Promise<{ result: unknown } | { failure: string }> {
  try {
    if ('undo' in work) return await undoAgain(work, number);
    const result = await ('effect' in work ? effectAgain(work, number) : activityAgain(work));
    const { outcome, content } = Object(result) as Partial<ToolMessage>;
    return outcome === undefined || outcome === 'ok' ? { result } : { failure: `${outcome}: ${content}` };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (!(error instanceof ActivityFailure || error instanceof ChildWorkflowFailure)) throw error;
    return { failure: error.cause?.message ?? error.message };
  }
}

/** The claim of the first one stands; this one is under its key, so that the other side can tell it is the same. */
function effectAgain({ effect: input }: Extract<DeadWork, { effect: unknown }>, number: number): Promise<ToolMessage> {
  return executeChild<typeof effect>('effect', {
    workflowId: `${workflowInfo().workflowId}/again-${number}`,
    args: [{ ...input, again: true }],
    staticSummary: `${input.tool.name} again`,
    parentClosePolicy: 'ABANDON',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
}

/** Under the permissions of the run, as before: who was not let may be let now. */
async function undoAgain({ undo }: Extract<DeadWork, { undo: unknown }>, number: number) {
  const result = await executeChild<typeof compensation>('compensation', {
    workflowId: `${workflowInfo().workflowId}/again-${number}`,
    args: [{ ...undo, again: number }],
    staticSummary: 'undo again',
    parentClosePolicy: 'ABANDON',
  });
  const [left] = result.left;
  return left ? { failure: left.because } : { result };
}

function activityAgain({ activity, input, ...limits }: Extract<DeadWork, { activity: string }>): Promise<unknown> {
  return scheduleActivity<unknown>(activity, [input], againOptions(limits));
}

function detailsOf({ title, cause, run }: DeadLetter, attempts: readonly DeadLetterAttempt[]): string {
  const tried = attempts.map(({ by, failure }) => `- retried by ${by}: ${failure ?? 'runs'}`);
  return [`**${title}**`, '', cause, '', `From \`${run}\`. Updates: \`retry\`, \`discard\`.`, ...tried].join('\n');
}
