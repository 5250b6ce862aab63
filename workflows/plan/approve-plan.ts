import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import type { ApprovalOutcome, ApprovalTerms } from '../../protocol/approval';
import { contentDigest } from '../../protocol/content-digest';
import type { Plan, PlanNode } from '../../protocol/plan/definition';
import type { PlanInput, PlanState } from '../../protocol/plan/state';
import { approvalIdOf, askForLater as askAndLeave, askApproval } from '../ask-approval';
import { failureOf, toApplicationFailure } from '../failures';
import { admitted, type Made } from './make-plan';

/** What a plan has asked of people. */
export interface Asking {
  asked: number;
  waitsFor: { id: string; title: string }[];
}

/**
 * Where it is wanted people see the whole plan before anything runs, and may edit it; what they made of it is admitted anew. The plan
 * comes back with the terms it was asked for under: they hold for all that is made of it, whatever it was edited to.
 */
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
    if (outcome.edit === undefined) return { plan: { ...plan, approval: terms }, agents };
    try {
      const edited = await admitted(input, outcome.edit);
      return { plan: { ...edited.plan, approval: terms }, agents: edited.agents };
    } catch (error) {
      const failure = failureOf(error);
      if (!failure) throw error;
      wrong = cannotRun(failure.message);
    }
  }
}

export function cannotRun(why: string): string {
  return `**What it was edited to cannot run: ${why}**\n\n`;
}

/**
 * People are asked, under the terms the plan was asked for under, for what it is to become; nothing goes on meanwhile.
 * @param wrong what was wrong with what they edited it to before.
 * @param until what makes the question needless; at the plan's deadline it is, too.
 * @returns undefined where it became needless.
 */
export async function approveAnew(
  input: PlanInput,
  { plan, startedAt }: Pick<PlanState, 'plan' | 'startedAt'>,
  nodes: PlanNode[],
  wrong: string,
  until: () => boolean,
  asking: Asking,
): Promise<ApprovalOutcome | undefined> {
  const title = `go on with the plan "${plan.name}" by ${nodes.length} other nodes?`;
  const question: Question = { kind: 'plan', title, body: `${wrong}${tableOf({ nodes })}`, arguments: { nodes } };
  const left = plan.deadline === undefined ? undefined : Math.max(startedAt + plan.deadline - Date.now(), 1);
  const scope = new CancellationScope();
  const needless = () => (left === undefined ? condition(until) : condition(until, left)).then(() => undefined);
  try {
    return await scope.run(() => Promise.race([askPeople(asking, plan.approval ?? {}, question, input), needless()]));
  } finally {
    scope.cancel();
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

/** People are asked while the plan goes on, and may continue as new. @param onAsked told the id of the question once it is there. */
export function askForLater(
  asking: Asking,
  terms: ApprovalTerms,
  question: Question,
  input: PlanInput,
  onAsked: (id: string) => void,
): Promise<ApprovalOutcome> {
  const id = nextId(asking);
  const request = requestOf(id, terms, question, input);
  return shown(asking, { id, title: question.title }, () => askAndLeave(id, request, () => onAsked(id)));
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

export function tableOf({ goal, nodes }: Pick<Plan, 'nodes'> & { goal?: Plan['goal'] }): string {
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
