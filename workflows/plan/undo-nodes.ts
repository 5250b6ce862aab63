import type { PlanInput, Undo } from '../../protocol/plan/state';
import { failureOf } from '../failures';
import { startAgent } from '../run-agent';
import type { Given } from './node-given';
import type { PlanDesk } from './plan-desk';
import { runOptions, toldOf } from './shared';

/** The tasks that undo what was done, one after the other. One that fails is named, and the others still run. */
export async function undoNodes(desk: PlanDesk, input: PlanInput): Promise<void> {
  for (const undo of desk.state.undos) {
    if (undo.status !== 'pending') continue;
    const { undo: goal = '' } = desk.node(undo.node);
    const { agent = '', output = null, artifact, tainted } = desk.progress(undo.node);
    const given: Given = artifact ? { inputs: {}, large: { done: artifact } } : { inputs: { done: output }, large: {} };
    try {
      const run = await startAgent(agent, {
        ...runOptions(input, tainted),
        id: `${undo.node}~undo`,
        input: toldOf(goal, given),
      });
      undo.run = run.id;
      const { stopReason, costUsd } = await run.result();
      desk.state.spentUsd += costUsd;
      settle(undo, stopReason === 'completed' ? undefined : stopReason);
    } catch (error) {
      settle(undo, failureOf(error)?.message ?? String(error));
    }
  }
}

function settle(undo: Undo, reason: string | undefined): void {
  undo.status = reason === undefined ? 'done' : 'failed';
  if (reason !== undefined) undo.reason = reason;
}
