import { workflowInfo } from '@temporalio/workflow';
import type { ApprovalOutcome, ApprovalTerms } from '../../protocol/approval';
import { contentDigest } from '../../protocol/content-digest';
import type { Plan } from '../../protocol/plan/definition';
import type { PlanInput } from '../../protocol/plan/state';
import { approvalIdOf, askApproval, askForLater } from '../ask-approval';
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

type Question = { kind: 'plan'; title: string; body?: string; arguments?: unknown };

function askPeople(
  asking: Asking,
  terms: ApprovalTerms,
  question: Question,
  input: PlanInput,
): Promise<ApprovalOutcome> {
  const id = nextId(asking);
  return shown(asking, { id, title: question.title }, () => askApproval(id, requestOf(id, terms, question, input)));
}

/** People are asked whether a node may begin. @param onAsked told the id of the question once it is there. */
export function askForNode(
  asking: Asking,
  terms: ApprovalTerms,
  title: string,
  input: PlanInput,
  onAsked: (id: string) => void,
): Promise<ApprovalOutcome> {
  const id = nextId(asking);
  const request = requestOf(id, terms, { kind: 'plan', title }, input);
  return shown(asking, { id, title }, () => askForLater(id, request, () => onAsked(id)));
}

/** While people are asked, the plan tells so. */
export async function shown<Answer>(
  { waitsFor }: Asking,
  waits: { id: string; title: string },
  ask: () => Promise<Answer>,
): Promise<Answer> {
  waitsFor.push(waits);
  try {
    return await ask();
  } finally {
    waitsFor.splice(waitsFor.indexOf(waits), 1);
  }
}

function nextId(asking: Asking): string {
  return approvalIdOf(workflowInfo().workflowId, ++asking.asked);
}

function requestOf(id: string, terms: ApprovalTerms, question: Question, { tenant, requester }: PlanInput) {
  const digest = contentDigest({ id, ...question });
  const whose = { ...(tenant !== undefined && { tenant }), ...(requester !== undefined && { requester }) };
  return { ...terms, ...question, ...whose, digest };
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
