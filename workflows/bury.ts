import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { startChild } from '@temporalio/workflow';
import { contentDigest } from '../protocol/content-digest';
import type { DeadLetter } from '../protocol/dead-letter';
import type { deadLetter } from './dead-letter';

/** Keeps work that was given up, in a workflow that outlives this one. @param key of the work: the same work is kept once. */
export async function bury(letter: DeadLetter, key: string): Promise<void> {
  const { kind, title, run, cause } = letter;
  try {
    await startChild<typeof deadLetter>('deadLetter', {
      workflowId: `dead/${kind}/${contentDigest([run, key]).slice(0, 32)}`,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      args: [letter],
      staticSummary: title,
      memo: { letter: { kind, title, run, cause: cause.slice(0, 500) } },
      parentClosePolicy: 'ABANDON',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
