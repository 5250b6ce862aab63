import { ActivityFailure } from '@temporalio/common';
import {
  CancellationScope,
  continueAsNew,
  executeChild,
  scheduleActivity,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type CompensationInput,
  type CompensationView,
  compensationText,
  type DoneEffect,
  MOST_LISTED,
  undoSpecOf,
} from '../protocol/compensation';
import type { EffectInput } from '../protocol/effect';
import type { ArtifactRef, ToolCallPart, ToolMessage } from '../protocol/messages';
import { ruleOn } from '../protocol/permissions/verdict';
import type { ToolSpec } from '../protocol/tool';
import { READ_EFFECTS } from './activity-options';
import { argumentsText } from './arguments-text';
import { approvalIdOf, askApproval } from './ask-approval';
import { Authority, termsOf } from './authority';
import { bury } from './bury';
import type { effect } from './effect';
import { failureOf } from './failures';
import { compensationQuery } from './messages';
import { type Caller, decide, type PermitDeps } from './permit';
import { effectToolOf, runOnce, undoIdOf } from './run-once';
import { recordCompensation } from './search-attributes';

/** Characters of a result that whoever decides on its undo is shown. */
const SHOWN_RESULT = 500;

/**
 * Undoes the effects of a run that ended without success, the last one first. Each undo is a call of a `once` tool named
 * `undo.NAME`, under the permissions of the run, and claimed by the effect it undoes. What cannot be undone is named, kept as a
 * dead letter, and does not keep the others from it. It is not cancelled: whoever wants it to end denies what it asks, or terminates it.
 */
export async function compensation(input: CompensationInput): Promise<CompensationView> {
  const { workflowId: id } = workflowInfo();
  const view = input.carried?.view ?? { id, status: 'running', undone: [], left: [], open: input.count };
  setHandler(compensationQuery, () => view);
  if (!input.carried) recordCompensation(input, 'running');
  await CancellationScope.nonCancellable(() => undoAll(input, view));
  view.status = 'completed';
  view.open = 0;
  tell(input, view);
  recordCompensation(input, view.left.length > 0 ? 'failed' : 'completed');
  return view;
}

async function undoAll(input: CompensationInput, view: CompensationView): Promise<void> {
  const caller = callerOf(input);
  const rest = [...input.effects];
  const archived = [...(input.archived ?? [])];
  for (;;) {
    const done = rest.pop();
    if (!done) {
      const earlier = archived.pop();
      if (!earlier) return;
      rest.push(...(await read(input, earlier, view)));
      continue;
    }
    tell(input, view);
    const refused = await undo(input, done, caller, view);
    if (refused !== undefined) await leave(input, done, refused, view);
    view.open--;
    if (workflowInfo().continueAsNewSuggested) {
      const { asked, grants } = caller.authority.state;
      const carried = { view, asked, grants };
      await continueAsNew<typeof compensation>({ ...input, effects: rest, archived, carried });
    }
  }
}

/** @returns why it stands; undefined once it is undone. */
async function undo(
  input: CompensationInput,
  done: DoneEffect,
  caller: Caller,
  view: CompensationView,
): Promise<Refusal | undefined> {
  const { tool, callId, result } = done;
  if (!result) return { because: 'nobody knows whether it took effect', final: true };
  const spec = input.tools.find(({ name }) => name === tool);
  if (!spec?.undoes) return { because: 'the tool has no undo', final: true };
  const gave = `It gave: ${result.content.slice(0, SHOWN_RESULT)}`;
  const undoSpec = { ...undoSpecOf(spec), description: `${undoSpecOf(spec).description} ${gave}` };
  const permitted = await decide(caller, undoSpec, callOf(done, undoSpec), depsOf(input));
  if ('told' in permitted) return { because: permitted.because };
  const key = undoIdOf(tool, done.idempotencyKey);
  const { outcome, content } = await runUndo(input, done, undoSpec, key);
  if (outcome !== 'ok') return { because: `${outcome}: ${content.slice(0, SHOWN_RESULT)}` };
  list(view, view.undone, { tool, callId, key });
  return undefined;
}

interface Refusal {
  because: string;
  /** To try again would be of no use. */
  final?: true;
}

/** The first undo of an effect claims it; a later one, when somebody wants it after all, finds out what became of that before. */
async function runUndo(input: CompensationInput, done: DoneEffect, spec: ToolSpec, key: string): Promise<ToolMessage> {
  const work = effectOf(input, done, spec);
  const summary = `${spec.name} ${argumentsText(callOf(done, spec))}`;
  const { message, own } = await runOnce(key, work, summary);
  if (own || message.outcome === 'ok' || input.again === undefined) return message;
  return executeChild<typeof effect>('effect', {
    workflowId: `${workflowInfo().workflowId}/effect`,
    args: [{ ...work, call: { ...work.call, idempotencyKey: key }, again: true }],
    staticSummary: `${summary} again`,
    parentClosePolicy: 'ABANDON',
  });
}

function effectOf(input: CompensationInput, done: DoneEffect, spec: ToolSpec): EffectInput {
  const { run, agent, requester, tenant, layers, firstRunId, mounts } = input;
  const { tool: _tool, result, ...call } = done;
  return {
    tool: effectToolOf(spec),
    call: {
      ...call,
      name: spec.name,
      agent,
      firstRunId,
      session: run,
      ...(result && { undoes: result }),
      ...(mounts && { mounts }),
    },
    run,
    agent,
    approval: termsOf(layers),
    ...(requester !== undefined && { requester }),
    ...(tenant !== undefined && { tenant }),
  };
}

function callOf({ callId, arguments: args, artifact }: DoneEffect, { name }: ToolSpec): ToolCallPart {
  return { type: 'tool-call', id: callId, name, ...(artifact ? { artifact } : { arguments: args }) };
}

/** Under all layers of the run, with what people grant on the way. */
function callerOf(input: CompensationInput): Caller {
  const { agent, revision, requester, tenant, layers, tainted, mounts = [], carried } = input;
  const { asked = 0, grants = [] } = carried ?? {};
  const authority = new Authority({ grants: [...grants], tainted: [...tainted], asked });
  return {
    agent: { name: agent, revision },
    given: { ...(requester !== undefined && { requester }), ...(tenant !== undefined && { tenant }) },
    authority,
    ruleOn: (spec, { arguments: args }, answered) =>
      ruleOn(
        layers.map((layer) => ({ ...layer, grants: [...layer.grants, ...authority.state.grants] })),
        { spec, arguments: args, mounts: mounts.map(({ name }) => name), tainted: tainted.length > 0 },
        answered,
      ),
    wait: () => recordCompensation(input, 'waiting'),
    waited: () => recordCompensation(input, 'running'),
  };
}

function depsOf({ run }: CompensationInput): PermitDeps {
  return {
    now: () => Date.now(),
    failureOf,
    askApproval: (id, request) => askApproval(id, request, run),
    approvalId: (number) => approvalIdOf(workflowInfo().workflowId, number),
  };
}

/** Named, and kept for somebody to try again; what is tried again has a letter already. */
async function leave(
  input: CompensationInput,
  done: DoneEffect,
  { because, final }: Refusal,
  view: CompensationView,
): Promise<void> {
  const { tool, callId } = done;
  list(view, view.left, { tool, callId, because });
  if (final || input.again !== undefined) return;
  const { run, agent, tenant, carried: _carried, archived: _archived, ...rest } = input;
  const tools = input.tools.filter(({ name }) => name === tool);
  const work = {
    undo: { ...rest, run, agent, tools, effects: [done], count: 1, ...(tenant !== undefined && { tenant }) },
  };
  const title = `undo ${tool} ${argumentsText(done)}`;
  await bury(
    { kind: 'undo', title, cause: because, work, run, agent, ...(tenant !== undefined && { tenant }) },
    done.idempotencyKey,
  );
}

async function read(
  { run, firstRunId }: CompensationInput,
  artifact: ArtifactRef,
  view: CompensationView,
): Promise<DoneEffect[]> {
  try {
    return await scheduleActivity<DoneEffect[]>('readEffects', [{ run, firstRunId, artifact }], READ_EFFECTS);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const because = `what was done cannot be read: ${error.cause?.message ?? error.message}`;
    list(view, view.left, { tool: '?', callId: '?', because });
    return [];
  }
}

function list<Item>(view: CompensationView, to: Item[], item: Item): void {
  if (to.length < MOST_LISTED) to.push(item);
  else view.unlisted = (view.unlisted ?? 0) + 1;
}

function tell({ run }: CompensationInput, view: CompensationView): void {
  setCurrentDetails(`**undoes the effects of** \`${run}\`\n\n${compensationText(view) || 'nothing yet'}`);
}
