import type { JsonSchema } from './json';
import type { Subject } from './permissions/condition';

/**
 * What a tool may do to the world; decides how a call is retried.
 * `read`: nothing; retried freely, may run in parallel.
 * `idempotent`: repeated with the same idempotency key it takes effect once; retried.
 * `once`: never started twice; when its outcome is unknown the run is told so instead.
 */
export type ToolEffect = 'read' | 'idempotent' | 'once';

/** `run`: one run and its forks. `task`: a whole tree of runs. `organisation`: all runs of a tenant. */
export type EffectScope = 'run' | 'task' | 'organisation';

/** A tool as the workflow and the model see it: data, fixed when the run starts. */
export interface ToolSpec {
  /** Matches `TOOL_NAME`; unique on a worker. */
  name: string;
  description: string;
  inputSchema: JsonSchema;
  effect: ToolEffect;
  /** Answers in well under a second: runs as a local activity (one marker in the history). `read` tools only. */
  quick: boolean;
  /** Runs alone among the calls of one reply. */
  exclusive: boolean;
  /** Milliseconds one attempt may take. */
  timeoutMs: number;
  /** Attempts after infrastructure failures (a thrown error is a result the model sees, not a retry). `once`: 1. */
  maxAttempts: number;
  /** `workflow`: pure state kept in the run itself, no activity. */
  runsIn: 'activity' | 'workflow';
  /** The argument that permission rules without a name are about. */
  subject?: Subject;
  /** Set where its effects cannot leave the run's own workspace, unless its subject leads into a mounted folder. */
  stays?: 'workspace';
  /** What it returns was written by others: the conversation counts as tainted from then on. */
  outside?: true;
  /** Of a `once` tool: within what equal calls count as one. Default `run`. */
  scope?: EffectScope;
  /** Of a `once` tool: it can find out whether an earlier attempt took effect. */
  checks?: true;
  /** It can undo what a call did, where a run's effects are to be undone. */
  undoes?: true;
  /** US dollars one call costs, beside what the model costs. */
  priceUsd?: number;
}

/** What every provider accepts as a function name. */
export const TOOL_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/;
