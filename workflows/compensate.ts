import {
  CancellationScope,
  condition,
  scheduleActivity,
  setCurrentDetails,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { CompensationInput, DoneEffect } from '../protocol/compensation';
import { contentDigest } from '../protocol/content-digest';
import type { ArtifactRef } from '../protocol/messages';
import { ID_SEPARATOR } from '../protocol/names';
import { KEEP_EFFECTS } from './activity-options';
import type { compensation } from './compensation';
import { conditionWithin } from './condition-within';
import { detailsOf } from './details';
import { canMatter } from './done-effects';
import type { Session } from './session';

/** A run that somebody ends waits no longer than this for its effects to be undone; that goes on by itself. */
const HURRY_MS = 5_000;
const MAX_ID_CHARS = 255;

/**
 * Undoes what a run did that ends without success, where it is to. In a workflow of its own, which outlives the run and is not
 * cancelled with it: the run waits until all is undone, or, once `hurried`, for some seconds.
 */
export async function compensate(session: Session, hurried: () => boolean): Promise<void> {
  if (!session.compensates) return;
  await CancellationScope.nonCancellable(async () => {
    // What was cut off first says what became of it.
    await condition(() => session.running.length === 0);
    if (session.effects.count > 0) await undoAll(session, hurried);
  });
}

/** Effects that are too much to be carried go into artifacts. */
export function keepEffects({ firstRunId, effects }: Session): Promise<void> {
  return effects.fit((some: DoneEffect[]) =>
    scheduleActivity<ArtifactRef>('keepEffects', [{ firstRunId, effects: some }], KEEP_EFFECTS),
  );
}

async function undoAll(session: Session, hurried: () => boolean): Promise<void> {
  session.phase = 'undoing';
  session.purse?.release();
  await keepEffects(session);
  const id = compensationIdOf(workflowInfo().workflowId, workflowInfo().runId);
  const begun = { id, status: 'running' as const, undone: [], left: [], open: session.effects.count };
  session.compensation = begun;
  setCurrentDetails(detailsOf(session));
  const child = await startChild<typeof compensation>('compensation', {
    workflowId: id,
    args: [inputOf(session)],
    staticSummary: `undo ${session.effects.count} effects`,
    parentClosePolicy: 'ABANDON',
  });
  let over = false;
  child.result().then(
    (view) => {
      session.compensation = view;
      over = true;
    },
    () => {
      session.compensation = { ...begun, status: 'ended' };
      over = true;
    },
  );
  await condition(() => over || hurried());
  if (!over) await conditionWithin(() => over, HURRY_MS, 'while the effects are undone');
}

/** Below the run's id; one Temporal run has one. */
function compensationIdOf(run: string, temporalRun: string): string {
  const name = `undo-${temporalRun.slice(0, 8)}`;
  const id = `${run}${ID_SEPARATOR}${name}`;
  return id.length <= MAX_ID_CHARS ? id : `${name}-${contentDigest(run).slice(0, 32)}`;
}

function inputOf({ agent, firstRunId, given, layers, authority, effects }: Session): CompensationInput {
  const { requester, tenant, mounts } = given;
  const { done, count, archived } = effects.state;
  const tools = agent.tools.filter(canMatter).map(({ name, inputSchema, timeoutMs, subject, stays, undoes }) => ({
    name,
    inputSchema,
    timeoutMs,
    ...(subject && { subject }),
    ...(stays && { stays }),
    ...(undoes && { undoes }),
  }));
  return {
    run: workflowInfo().workflowId,
    firstRunId,
    agent: agent.name,
    revision: agent.revision,
    layers,
    tainted: authority.state.tainted,
    tools,
    effects: done,
    count,
    ...(archived && { archived }),
    ...(requester !== undefined && { requester }),
    ...(tenant !== undefined && { tenant }),
    ...(mounts && { mounts }),
  };
}
