import type { ApprovalTerms } from '../approval';
import type { Actor } from '../control';
import type { Failure } from '../failures';
import type { ArtifactRef } from '../messages';
import type { Layer } from '../permissions/verdict';
import type { Mount, PlannedCall } from '../session';
import type { Amending } from './control';
import type { Plan } from './definition';

/**
 * `pending` waits for other nodes or for its time, `ready` for a place, `waiting` for people; `assigned` has an agent and is about to
 * run. The last five are final.
 */
export type NodeStatus =
  | 'pending'
  | 'ready'
  | 'waiting'
  | 'assigned'
  | 'running'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  | 'expired';

/** What may follow a status; anything else is a bug, and refused with `Plan.Illegal`. */
export const MOVES: Record<NodeStatus, readonly NodeStatus[]> = {
  pending: ['ready', 'skipped', 'cancelled', 'expired'],
  ready: ['waiting', 'assigned', 'pending', 'skipped', 'cancelled', 'expired', 'failed'],
  waiting: ['ready', 'failed', 'skipped', 'cancelled', 'expired'],
  assigned: ['running', 'pending', 'failed', 'cancelled', 'expired', 'done'],
  running: ['done', 'failed', 'pending', 'cancelled', 'expired'],
  done: [],
  // By an operator only.
  failed: ['pending', 'skipped'],
  skipped: ['pending'],
  cancelled: ['pending'],
  expired: ['pending'],
};

export const FINAL: ReadonlySet<NodeStatus> = new Set(['done', 'failed', 'skipped', 'cancelled', 'expired']);

/** How a node is told in one sign. */
export const NODE_MARK: Record<NodeStatus, string> = {
  pending: '·',
  ready: '·',
  waiting: '?',
  assigned: '▶',
  running: '▶',
  done: '✓',
  failed: '✗',
  skipped: '–',
  cancelled: '–',
  expired: '✗',
};

/** What is known of a node besides what the plan says. Times in milliseconds since epoch. */
export interface NodeProgress {
  status: NodeStatus;
  /** When it became what it is. */
  since: number;
  attempts: number;
  costUsd: number;
  tokens: number;
  readyAt?: number;
  startedAt?: number;
  endedAt?: number;
  /** Who does it, and why it was chosen. */
  agent?: string;
  because?: string;
  /** The workflow id of the latest attempt. */
  run?: string;
  /** What it gave; kept as long as something needs it. */
  output?: unknown;
  /** Where all of the output is, of which `output` is the beginning. */
  artifact?: ArtifactRef;
  /** One sentence on an end that is not `done`. */
  reason?: string;
  /** Its output was not made by this plan: when it was, and by which run. */
  recalled?: { at: number; from: string };
  /** It did not succeed, and the plan goes another way. */
  replaced?: true;
  /** Asked and granted. */
  approved?: true;
  /** An attempt may not begin before this. */
  notBefore?: number;
  /** US dollars kept for it while it runs. */
  held?: number;
  /** Where content from outside came from that its output may hold. */
  tainted?: string[];
  /** Its soft deadline has passed. */
  late?: true;
  /** What replaces its plan's number: changed by an operator or by lateness. */
  priority?: number;
  /** Where its attempt, or the question whether it may begin, is worked on by another workflow. */
  attempt?: Attempt;
}

/** How far an attempt is, so that a plan which continues as new finds its way back to it. */
export interface Attempt {
  /** Workflow id of its run, of the plan it gave, or of its approval. */
  workflow: string;
  /** What it cost before that: a call that gave no answer. */
  costUsd: number;
  tokens: number;
  /** Its answer, where that is a plan which is run in its place. */
  made?: Ending;
}

/** How an attempt ended. */
export interface Ending {
  status: 'done' | 'failed' | 'cancelled';
  output?: unknown;
  /** As in `NodeProgress`. */
  artifact?: ArtifactRef;
  reason?: string;
  costUsd: number;
  tokens: number;
  recalled?: NodeProgress['recalled'];
  /** Of a dry run. */
  planned?: PlannedCall[];
  /** Where content from outside came from that its output may hold. */
  tainted?: string[];
}

export interface Undo {
  node: string;
  status: 'pending' | 'done' | 'failed';
  run?: string;
  reason?: string;
}

export interface PlanAction extends Actor {
  at: number;
  action: string;
  detail?: string;
}

/** An amendment that people have not decided on yet. */
export interface Proposal {
  given: Amending;
  /** The question, once it is asked. */
  workflow?: string;
}

export interface PlanState {
  /** Where people had to be asked for it, its `approval` is under which terms: whatever it becomes is asked for in the same way. */
  plan: Plan;
  agents: Record<string, AgentFacts>;
  nodes: Record<string, NodeProgress>;
  startedAt: number;
  spentUsd: number;
  tokens: number;
  paused?: Actor;
  /** Nothing new starts; set when an edge says `fail`, or when it is cancelled. */
  ending?: { status: 'failed' | 'cancelled' | 'expired'; reason: string };
  /** Agents of round-robin: how often each was chosen. */
  chosen: Record<string, number>;
  /** Choices that what was learned was asked for, so far. */
  learned?: number;
  /** Work each tenant has had, by its share. */
  served: Record<string, number>;
  /** Of a dry run. */
  planned?: PlannedAction[];
  /** How often what was left has been planned anew. */
  replans?: number;
  /** Where content from outside came from that whoever made the plan has seen: every task may say what that said. */
  tainted?: string[];
  /** Tasks that undo what was done, in the order they run. */
  undos: Undo[];
  proposals?: Proposal[];
  actions: PlanAction[];
}

/** What a node of a dry run would have done. */
export interface PlannedAction extends PlannedCall {
  node: string;
}

/** What a plan needs to know of an agent; looked up when it is admitted. */
export interface AgentFacts {
  revision: string;
  capabilities: string[];
  /** US dollars a run may cost at most; null where the agent has no such limit. */
  costUsd: number | null;
  output?: Record<string, unknown>;
  /** For `assign: priority`; 1 comes first. Default 3. */
  priority?: number;
  /** It has no tools, and nothing of it needs a run: what it does is one model call. */
  plain?: true;
  /** Somebody has paused it: nothing is given to it by a plan that is admitted meanwhile. */
  paused?: true;
}

/** The input of the `taskPlan` workflow. */
export interface PlanInput {
  /** A plan as written, or nothing where a planner makes one. */
  plan?: unknown;
  /** What is wanted; a planner decomposes it. */
  goal?: string;
  /** The agent that decomposes. Default `planner`. */
  planner?: string;
  /** How often the planner may try, each time told what was wrong. Default 3. */
  attempts?: number;
  /** People are asked for the plan, whatever it says itself. */
  approval?: ApprovalTerms;
  budgetUsd?: number;
  account?: string;
  /** Folders every run of it sees. */
  mounts?: Mount[];
  tenant?: string;
  requester?: string;
  authority?: Layer[];
  tainted?: string[];
  /** The plan this one is part of, and how deep. */
  parent?: string;
  nesting?: number;
  /** Of a plan within one that people had to be asked for: under which terms amendments are. */
  amending?: ApprovalTerms;
  /** Events of a Temporal run before it continues as new. Default: when the server suggests it. */
  rolloverNodes?: number;
  /** Nothing is done: simulated models, tools that do nothing, nobody is asked. */
  dryRun?: boolean;
  /** Nothing that was kept is given again; what this plan does is kept in its place. */
  fresh?: boolean;
  carried?: CarriedPlan;
}

/** What a plan continues with: its state, in the input while it is small, else in artifacts, and how many questions it has asked. */
export type CarriedPlan = ({ state: PlanState } | { pages: string[] }) & { asked: number };

export type PlanStatus =
  | 'planning'
  | 'waiting'
  | 'running'
  | 'paused'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'expired';

/** A node of a plan: what the plan says of it and how it goes. Times in milliseconds since epoch. */
export interface NodeView extends Omit<NodeProgress, 'attempt'> {
  id: string;
  goal: string;
  after: string[];
  /** Milliseconds to the end of the longest way from here, by the estimates. */
  tailMs: number;
  effectivePriority: number;
}

/** The answer to the `plan` query. */
export interface PlanView {
  name: string;
  version: string;
  goal: string | null;
  status: PlanStatus;
  reason: string | null;
  counts: Partial<Record<NodeStatus, number>>;
  nodes: number;
  criticalPath: string[];
  spentUsd: number;
  budgetUsd: number | null;
  tokens: number;
  startedAt: number;
  paused: Actor | null;
  waitsFor: { id: string; title: string }[];
  actions: PlanAction[];
}

/** The answer to the `nodes` query: at most one page, in the order they are written. */
export interface NodesPage {
  nodes: NodeView[];
  from: number;
  total: number;
}

/** How a plan ended and what it gave. Cost in US dollars, of all its runs. */
export interface PlanResult {
  status: 'completed' | 'failed' | 'cancelled' | 'expired';
  /** Of the plan's `output` node, or by node id of all nodes nothing comes after. */
  output: unknown;
  /** Where all of the output is, where `output` is the beginning of one node's. */
  artifact?: ArtifactRef;
  /** What is not there, and why: nodes that did not succeed. */
  missing: { node: string; status: NodeStatus; reason: string }[];
  undone: Undo[];
  /** Of a dry run: tool calls it would have made; its cost and tokens are then an estimate. */
  planned?: PlannedAction[];
  /** The output is left out for its size: read it of the nodes' runs. */
  tooLarge?: true;
  reason?: string;
  counts: Partial<Record<NodeStatus, number>>;
  costUsd: number;
  tokens: number;
  failure?: Failure;
}
