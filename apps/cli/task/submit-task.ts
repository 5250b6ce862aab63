import { setTimeout as sleep } from 'node:timers/promises';
import type { HoldfastClient, NodeView, PlanDefinition, PlanHandle, PlanResult, SubmitOptions } from '../../../client';
import { Carrier } from '../carrier';
import type { Context } from '../context';
import { escapeLine } from '../escape';
import { EXIT, type ExitCode } from '../exit-codes';
import { count, duration, usd } from '../figures';
import { onInterrupt } from '../interruption';
import { linkTo } from '../link';
import { webUrl } from '../place';
import { selfCommand } from '../self-command';
import { endingLines, endingOf } from './plan-ending';
import { resultText } from './plan-text';

export interface SubmitRequest extends SubmitOptions {
  what: string | PlanDefinition;
  detach?: boolean;
  /** Tells what came of it in place of the answer. @returns whether something is missing. */
  onEnd?: (holdfast: HoldfastClient, plan: PlanHandle) => Promise<boolean>;
}

const LOOK_MS = 500;

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
  const telling = tell(context, plan, AbortSignal.any([over.signal, interruption.signal]));
  try {
    const end = await Promise.race([ended, left]);
    if (end === 'left') {
      out.say(`The plan goes on. Come back: ${selfCommand(env)} task watch ${plan.id}${placeFlags}`);
      return EXIT.detached;
    }
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

/** A line for every node that moves on, and one while there are none. */
async function tell({ out }: Context, plan: PlanHandle, over: AbortSignal): Promise<void> {
  const known = new Map<string, string>();
  let planning = false;
  let planned = false;
  for (let last = false; !last; ) {
    last = over.aborted;
    const nodes = await plan.nodes().catch((): NodeView[] => []);
    if (nodes.length === 0 && !planning && !last) out.say('planning');
    planning ||= nodes.length === 0;
    if (nodes.length > 0 && !planned) out.phase('planned');
    planned ||= nodes.length > 0;
    for (const node of nodes) {
      const { id, status } = node;
      if (known.get(id) === status || status === 'pending' || status === 'ready') continue;
      known.set(id, status);
      out.say(movedText(node));
    }
    if (!last) await sleep(LOOK_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

const SHOWN_GOAL = 90;

/** Who begins with what, and what it took. */
function movedText({ id, status, agent, goal, reason, costUsd, tokens, startedAt, endedAt }: NodeView): string {
  const task = escapeLine(goal);
  const parts = [
    ...(agent ? [agent] : []),
    ...(status === 'running' ? [task.length > SHOWN_GOAL ? `${task.slice(0, SHOWN_GOAL - 1)}…` : task] : []),
    ...(startedAt !== undefined && endedAt !== undefined ? [duration(endedAt - startedAt)] : []),
    ...(endedAt !== undefined && tokens > 0 ? [`${count(tokens)} tok`] : []),
    ...(costUsd > 0 ? [usd(costUsd)] : []),
    ...(reason ? [escapeLine(reason)] : []),
  ];
  return `${status.padEnd(9)} ${[id, ...parts].join(' · ')}`;
}

function exitOf({ status }: PlanResult): ExitCode {
  if (status === 'completed') return EXIT.done;
  if (status === 'cancelled') return EXIT.cancelled;
  return status === 'expired' ? EXIT.deadline : EXIT.failed;
}
