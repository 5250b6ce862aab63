import type { RunToolInput } from './activities';
import type { ApprovalTerms } from './approval';
import type { ToolMessage } from './messages';
import type { ToolSpec } from './tool';

/** What the `effect` workflow needs to know of a tool. */
export type EffectTool = Pick<ToolSpec, 'name' | 'effect' | 'timeoutMs' | 'maxAttempts' | 'checks' | 'undoes'>;

/** The input of the `effect` workflow: one call that may take effect once. */
export interface EffectInput {
  tool: EffectTool;
  call: RunToolInput;
  /** Workflow id of the run that asked for it first. */
  run: string;
  agent?: string;
  requester?: string;
  tenant?: string;
  /** It was given up before: the tool's own check is asked first. */
  again?: true;
  /** The run can do without it: when attempt after attempt provably does nothing, nobody is asked. */
  skips?: true;
  /** Who decides when its outcome cannot be known. */
  approval?: ApprovalTerms;
}

/** What a tool's own `check` found out about an attempt nobody heard from again. */
export type CheckedEffect =
  | { outcome: 'done'; message: ToolMessage }
  | { outcome: 'not-done' }
  | { outcome: 'unknown' };

/** How an attempt whose outcome is unknown is settled by a person. */
export const SETTLEMENTS = ['retry', 'done', 'abandon'] as const;
export type Settlement = (typeof SETTLEMENTS)[number];
