import type { RunToolInput } from './activities';
import type { ArtifactRef, ToolMessage } from './messages';
import type { Layer } from './permissions/verdict';
import type { Mount } from './session';
import type { ToolSpec } from './tool';

/** What a call gave, as its `undo` is handed it. */
export type EffectResult = Pick<ToolMessage, 'content' | 'mediaType' | 'artifact'>;

/** A call of a run that changed something outside. */
export interface DoneEffect
  extends Pick<RunToolInput, 'turn' | 'callId' | 'arguments' | 'artifact' | 'idempotencyKey'> {
  tool: string;
  /** Absent where nobody knows whether it took effect: such a one is named, and not undone. */
  result?: EffectResult;
}

/** What undoing needs to know of a tool. */
export type UndoneTool = Pick<ToolSpec, 'name' | 'inputSchema' | 'timeoutMs' | 'subject' | 'stays' | 'undoes'>;

/** The input of the `compensation` workflow: the effects of one run, and under which permissions they are undone. */
export interface CompensationInput {
  /** Workflow id of the run. */
  run: string;
  firstRunId: string;
  agent: string;
  revision: string;
  requester?: string;
  tenant?: string;
  mounts?: Mount[];
  layers: Layer[];
  /** Where content from outside came from that the run had read. */
  tainted: string[];
  tools: UndoneTool[];
  /** In the order in which they were done; the last one is undone first. */
  effects: DoneEffect[];
  /** Earlier ones, in artifacts of the run, in the order in which they were done. */
  archived?: ArtifactRef[];
  /** Of all of them. */
  count: number;
  /** It was given up before: the number of the retry. */
  again?: number;
  /** Set when the workflow continues as new. */
  carried?: { view: CompensationView; asked: number; grants: Layer['grants'] };
}

/** Effects that are listed; that there were more is counted. */
export const MOST_LISTED = 200;

export interface UndoneEffect {
  tool: string;
  callId: string;
  /** The idempotency key the `undo` was handed: the id of the workflow that ran it. */
  key: string;
}

export interface LeftEffect {
  tool: string;
  callId: string;
  /** Why it stands. */
  because: string;
}

/** How far the effects of a run were undone: part of the run's result, and the answer to the query `compensation`. */
export interface CompensationView {
  /** Workflow id of the compensation: it goes on where the run closed before it was done. */
  id: string;
  /** `ended` without having looked at all: somebody terminated it. */
  status: 'running' | 'completed' | 'ended';
  /** In the order in which they were undone. */
  undone: UndoneEffect[];
  /** What could not be undone, and why; each that can be tried again is a dead letter too. */
  left: LeftEffect[];
  /** Effects it has not come to. */
  open: number;
  /** Effects beyond those that are listed. */
  unlisted?: number;
}

const PREFIX = 'undo.';

/** The undo of a tool is a tool of its own to permissions, approvals and activities: `undo.NAME`. */
export function undoNameOf(tool: string): string {
  return PREFIX + tool;
}

/** The tool whose undo it is; undefined for any other name. */
export function toolOfUndo(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}

/** The undo of a tool as permissions see it: an effect that happens once, with the arguments of what it undoes. */
export function undoSpecOf({ name, inputSchema, timeoutMs, subject, stays }: UndoneTool): ToolSpec {
  return {
    name: undoNameOf(name),
    description: `Undoes what a call of ${name} did.`,
    inputSchema,
    effect: 'once',
    quick: false,
    exclusive: true,
    timeoutMs,
    maxAttempts: 1,
    runsIn: 'activity',
    ...(subject && { subject }),
    ...(stays && { stays }),
  };
}

/** One sentence on what was undone and what was not. */
export function compensationText({ id, status, undone, left, open, unlisted = 0 }: CompensationView): string {
  const names = undone.map(({ tool }) => tool).join(', ');
  const stands = left.map(({ tool, because }) => `${tool} (${because})`).join(', ');
  const more = unlisted > 0 ? `, and ${unlisted} more` : '';
  const rest = status === 'running' ? `still being undone: ${id}` : status === 'ended' ? `${id} was ended early` : '';
  const count = rest !== '' && open > 0 ? ` (${open} effects)` : '';
  return [names && `undone: ${names}${more}`, stands && `not undone: ${stands}`, rest && rest + count]
    .filter(Boolean)
    .join('; ');
}
