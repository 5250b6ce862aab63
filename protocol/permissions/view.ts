import type { Grant, Layer } from './verdict';

/** What survives of a run's permissions: all else follows from its agent and its input. */
export interface PermissionState {
  /** Given while the run went on. */
  grants: Grant[];
  /** Where content from outside came from. */
  tainted: string[];
  /** Approvals asked so far; numbers their ids. */
  asked: number;
}

/** The answer to the `permissions` query: what a child, a fork or an auditor needs to know. */
export interface PermissionView {
  layers: Layer[];
  tainted: string[];
  /** What equal effects of the run are told apart from others by. */
  effectScope: string;
}

/** An approval a run waits for. */
export interface WaitsFor {
  /** Workflow id of the approval. */
  id: string;
  title: string;
  tool?: string;
}
