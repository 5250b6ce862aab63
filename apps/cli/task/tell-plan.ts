import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeView, PlanHandle, PlanView } from '../../../client';
import type { Context } from '../context';
import { escapeLine } from '../escape';
import { count, duration, usd } from '../figures';

const LOOK_MS = 500;

/** What a plan waits for. */
export type Waits = PlanView['waitsFor'];

/** A line for every node that moves on, and one while there are none. @returns what is waited for, where nobody is there who could be asked. */
export async function tellPlan({ out }: Context, plan: PlanHandle, over: AbortSignal): Promise<Waits | undefined> {
  const attended = process.stdin.isTTY === true && !out.json;
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
    const view = attended ? null : await plan.view().catch(() => null);
    if (view?.status === 'waiting') return view.waitsFor;
    if (!last) await sleep(LOOK_MS, undefined, { signal: over }).catch(() => undefined);
  }
  return undefined;
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
