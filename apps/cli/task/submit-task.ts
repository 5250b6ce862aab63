import type { HoldfastClient, PlanDefinition, PlanHandle, PlanResult, SubmitOptions } from '../../../client';
import { Carrier } from '../carrier';
import type { Context } from '../context';
import { escapeLine } from '../escape';
import { EXIT, type ExitCode } from '../exit-codes';
import { onInterrupt } from '../interruption';
import { linkTo } from '../link';
import { webUrl } from '../place';
import { selfCommand } from '../self-command';
import { endingLines, endingOf } from './plan-ending';
import { resultText } from './plan-text';
import { tellPlan, type Waits } from './tell-plan';

export interface SubmitRequest extends SubmitOptions {
  what: string | PlanDefinition;
  detach?: boolean;
  /** Tells what came of it in place of the answer. @returns whether something is missing. */
  onEnd?: (holdfast: HoldfastClient, plan: PlanHandle) => Promise<boolean>;
}

/** Starts a plan, and unless it is let go sees it through. */
export async function submitTask(
  context: Context,
  { what, detach, onEnd, ...options }: SubmitRequest,
): Promise<ExitCode> {
  const carrier = await Carrier.open(context, !detach);
  try {
    const plan = await carrier.link.holdfast.plans.submit(what, options);
    const { out, env, placeFlags } = context;
    out.phase('plan accepted');
    out.say(`plan ${out.note.bold(plan.id)}`);
    if (!detach) return await follow(context, carrier, plan, onEnd);
    const url = webUrl(carrier.link.place, plan.id);
    out.data({ id: plan.id, webUrl: url, carriedOn: carrier.carriesOn }, () => plan.id);
    out.say(`See what it does: ${selfCommand(env)} task watch ${plan.id}${placeFlags}`);
    return EXIT.done;
  } finally {
    await carrier.close();
  }
}

export async function watchTask(context: Context, id: string): Promise<ExitCode> {
  const carrier = Carrier.follower(context, await linkTo(context), id);
  try {
    return await follow(context, carrier, carrier.link.holdfast.plans.get(id));
  } finally {
    await carrier.close();
  }
}

async function follow(
  context: Context,
  carrier: Carrier,
  plan: PlanHandle,
  onEnd?: SubmitRequest['onEnd'],
): Promise<ExitCode> {
  const { out, env, placeFlags } = context;
  const interruption = onInterrupt();
  const over = new AbortController();
  const ended = plan.result().finally(() => over.abort());
  ended.catch(() => undefined);
  const left = new Promise<'left'>((resolve) => interruption.signal.addEventListener('abort', () => resolve('left')));
  const telling = tellPlan(context, plan, AbortSignal.any([over.signal, interruption.signal]));
  // Where nobody sits at a terminal there is nobody to be asked.
  const resting: Promise<PlanResult | Waits> = telling.then<PlanResult | Waits>((waitsFor) => waitsFor ?? ended);
  resting.catch(() => undefined);
  try {
    const end = await Promise.race([ended, left, resting]);
    if (end === 'left') {
      out.say(`The plan goes on. Come back: ${selfCommand(env)} task watch ${plan.id}${placeFlags}`);
      return EXIT.detached;
    }
    if (Array.isArray(end)) return leftWaiting(context, carrier, plan.id, end);
    await telling;
    if (onEnd) return (await onEnd(carrier.link.holdfast, plan)) ? EXIT.failed : exitOf(end);
    const ending = await endingOf(context, carrier, plan);
    const { written } = ending;
    const told = { id: plan.id, webUrl: webUrl(carrier.link.place, plan.id), ...end, written };
    out.data(told, () => resultText(end, out.style));
    out.say();
    for (const line of endingLines(context, carrier, plan.id, end, ending)) out.say(line);
    return exitOf(end);
  } finally {
    over.abort();
    if (!interruption.signal.aborted) await carrier.seen(plan.id);
    interruption.release();
  }
}

/** Nobody is there to be asked: the plan is left waiting, and the shell is told so. */
function leftWaiting(context: Context, carrier: Carrier, id: string, waitsFor: Waits): ExitCode {
  const { out, env, placeFlags } = context;
  const self = selfCommand(env);
  out.data({ id, status: 'waiting', waitsFor }, () => `${id} waits for an approval`);
  for (const { id: approval, title } of waitsFor) {
    out.say(`? waits for people: ${escapeLine(title)}`);
    out.say(`    ${self} approvals approve ${approval}${placeFlags}`);
  }
  if (!carrier.carriesOn) out.say(`  it goes on with   ${self} dev${placeFlags}`);
  out.say(`  come back with    ${self} task watch ${id}${placeFlags}`);
  return EXIT.waitingForApproval;
}

/** The shell is told of the first thing that kept a plan from its end. */
function exitOf({ status, missing }: PlanResult): ExitCode {
  if (status === 'failed' && missing.some(({ reason }) => reason.startsWith('max-cost'))) return EXIT.budgetExhausted;
  if (status === 'completed') return EXIT.done;
  if (status === 'cancelled') return EXIT.cancelled;
  return status === 'expired' ? EXIT.deadline : EXIT.failed;
}
