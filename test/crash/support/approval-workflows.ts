import { executeChild, workflowInfo } from '@temporalio/workflow';
import { requestApproval, runAgent } from '../../../workflows/public';

/** A user's own workflows: the approval of a tool call is asked three levels below the first of them. */

/** The tests deploy another build by changing this line in the bundle. */
const BUILD = 'build one';

export async function quarter(topic: string): Promise<string> {
  const paid = await executeChild(month, { args: [topic], workflowId: `${workflowInfo().workflowId}/month` });
  return `${BUILD}: ${paid}`;
}

export async function month(topic: string): Promise<string> {
  return runAgent('clerk', { id: 'clerk', input: topic, requester: 'ana' });
}

/** A question with a deadline, after which somebody else is asked. */
export async function asking(title: string): Promise<string> {
  return requestApproval<string>({
    title,
    kind: 'question',
    approvers: ['user:bo'],
    expiresAfter: '5s',
    escalate: [{ approvers: ['user:cy'] }],
  });
}

/** The same where nobody else is asked: it is denied. */
export async function hurried(title: string): Promise<string> {
  const noAnswer = (error: Error) => error.message;
  return requestApproval<string>({ title, kind: 'question', approvers: ['user:bo'], expiresAfter: '5s' }).catch(
    noAnswer,
  );
}
