import { workflowInfo } from '@temporalio/workflow';
import type { ApprovalTerms } from '../../protocol/approval';
import { contentDigest } from '../../protocol/content-digest';
import type { Plan } from '../../protocol/plan/definition';
import type { PlanInput } from '../../protocol/plan/state';
import { approvalIdOf, askApproval } from '../ask-approval';
import { failureOf, toApplicationFailure } from '../failures';
import { admitted, type Made } from './make-plan';

/** What a plan has asked of people. */
export interface Asking {
  asked: number;
  waitsFor: { id: string; title: string }[];
}

/** Where it is wanted people see the whole plan before anything runs, and may edit it; what they made of it is admitted anew. */
export async function approvePlan(
  input: PlanInput,
  { plan, agents }: Pick<Made, 'plan' | 'agents'>,
  asking: Asking,
): Promise<Pick<Made, 'plan' | 'agents'>> {
  const terms = input.approval ?? plan.approval;
  if (!terms || input.dryRun) return { plan, agents };
  const title = `run the plan "${plan.name}" with ${plan.nodes.length} nodes?`;
  for (let wrong = ''; ; ) {
    const body = `${wrong}${tableOf(plan)}`;
    const outcome = await askPeople(asking, terms, { kind: 'plan', title, body, arguments: plan }, input);
    if (outcome.verdict !== 'approved') {
      const why = `${outcome.verdict}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}`;
      throw toApplicationFailure({ code: 'Plan.Denied', message: `the plan was ${why}`, details: { outcome } });
    }
    if (outcome.edit === undefined) return { plan, agents };
    try {
      return await admitted(input, outcome.edit);
    } catch (error) {
      const failure = failureOf(error);
      if (!failure) throw error;
      wrong = `**What it was edited to cannot run: ${failure.message}**\n\n`;
    }
  }
}

export async function askPeople(
  asking: Asking,
  terms: ApprovalTerms,
  request: { kind: 'plan'; title: string; body?: string; arguments?: unknown },
  { tenant, requester }: PlanInput,
) {
  const id = approvalIdOf(workflowInfo().workflowId, ++asking.asked);
  const waits = { id, title: request.title };
  asking.waitsFor.push(waits);
  const digest = contentDigest({ id, ...request });
  const whose = { ...(tenant !== undefined && { tenant }), ...(requester !== undefined && { requester }) };
  try {
    return await askApproval(id, { ...terms, ...request, ...whose, digest });
  } finally {
    asking.waitsFor.splice(asking.waitsFor.indexOf(waits), 1);
  }
}

function tableOf({ goal, nodes }: Plan): string {
  const rows = nodes.slice(0, 100).map(({ id, agent, needs = [], after, goal: task }) => {
    const before = after.map(({ node }) => node).join(', ');
    return `| ${id} | ${agent ?? needs.join(', ')} | ${before} | ${task.replace(/[\n|]/g, ' ').slice(0, 120)} |`;
  });
  const more = nodes.length > rows.length ? [`\n… and ${nodes.length - rows.length} more`] : [];
  return [
    ...(goal === undefined ? [] : [goal, '']),
    '| node | who | after | task |',
    '|---|---|---|---|',
    ...rows,
    ...more,
  ].join('\n');
}
