import type { ToolOutcome } from '../../../protocol/messages';
import type { WaitsFor } from '../../../protocol/permissions/view';
import type { SessionPhase, TodoItem } from '../../../protocol/session';
import type { DeltaKind } from '../../../protocol/stream';

/** What a run has used so far. */
export interface Totals {
  turns: number;
  toolCalls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  costIncomplete: boolean;
  simulated: boolean;
}

export interface ShownCall {
  id: string;
  name: string;
  arguments: unknown;
}

/** What a follower of a run tells; with `--json` each is a line. */
export type Progress =
  /** The model is called for the first time; its reply pins the agent. The model is null as long as it is the agent's own. */
  | { type: 'first-call'; agent: string; model: string | null }
  | { type: 'agent-pinned'; agent: string; model: string; revision: string }
  /** Messages that are kept elsewhere since the run continued as new. */
  | { type: 'messages-skipped'; count: number }
  /** A message to the model: the task, or what was wrong with its answer. */
  | { type: 'user-said'; position: number; text: string }
  | { type: 'turn-finished'; position: number; turn: number; text: string; calls: ShownCall[]; totals?: Totals }
  /** A piece of what the model is saying; `offset` characters of this kind came before it in this turn and attempt. */
  | { type: 'text-delta'; turn: number; attempt: number; kind: DeltaKind; offset: number; text: string }
  /** What an attempt said of that turn is void. */
  | { type: 'text-dropped'; turn: number; attempt: number }
  | {
      type: 'tool-finished';
      position: number;
      turn: number;
      call: ShownCall;
      outcome: ToolOutcome;
      chars: number;
      /** The first characters of what the model reads. */
      preview: string;
    }
  /** The whole list, and the part of it that is new. */
  | { type: 'todos-changed'; todos: TodoItem[]; changed: TodoItem[] }
  /** A call failed and is tried again by the server. */
  | {
      type: 'attempt-failed';
      activity: string;
      attempt: number;
      nextInMs: number | null;
      code: string;
      message: string;
    }
  /** The run waits for people's word. */
  | { type: 'approval-asked'; id: string; title: string; tool?: string }
  /** Nobody carries the run on at the moment. */
  | { type: 'worker-missing' }
  | { type: 'worker-back' }
  /** What the run does now; changes often. */
  | { type: 'status'; phase: SessionPhase; running: string[]; waitsFor: readonly WaitsFor[]; totals: Totals };
