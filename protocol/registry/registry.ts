import type { AgentEntry, Rate } from './entry';
import type { Outcome, Reputation, Standing, Tally } from './standing';

/** Versions of an agent that are remembered, besides the present one's content. */
export const VERSIONS_KEPT = 5;
/** Remarks of people that are remembered. */
export const REMARKS_KEPT = 5;
/** Without a word for so long, nothing is taken to run: a report may have been lost. */
export const LOAD_KNOWN_MS = 60 * 60_000;

export interface Version {
  version: number;
  revision: string | null;
  at: number;
  by: string;
}

export interface Remark extends Omit<Rate, 'agent'> {
  at: number;
}

/** One agent, as its registry keeps it. Times in ms since epoch. */
export interface Kept {
  entry: AgentEntry;
  /** Counts changes of the entry; 0 where only outcomes are known, and nobody has registered it. */
  version: number;
  versions: Version[];
  /** Task queues whose workers serve it, and since when. */
  queues: Record<string, number>;
  /** Not chosen, by whom and why. */
  paused?: { by: string; reason?: string };
  standing?: Standing;
  remarks?: Remark[];
  /** Attempts reported to have begun and not to have ended, and when that was said last. */
  running?: number;
  heardAt?: number;
  /** Attempts reported so far. */
  begun?: number;
}

/** What a part of a registry carries when it continues as new. */
export interface RegistryState {
  agents: Record<string, Kept>;
}

/** The input of the `agentRegistry` workflow. */
export interface RegistryInput {
  registry: string;
  shard: number;
  /** Updates and signals of a Temporal run before it continues as new. Default: when the server suggests it. */
  rolloverMessages?: number;
  /** Set when it continues as new; callers leave it out. */
  carried?: RegistryState;
}

/** What a worker says of the agents of plans; best effort, see `workers/registry`. */
export interface Report {
  began?: Record<string, number>;
  ended?: Record<string, number>;
  outcomes?: Outcome[];
}

/** `active`, `paused` by somebody, `unserved`: no task queue says it has it, `unregistered`: only outcomes are known. */
export type AgentStatus = 'active' | 'paused' | 'unserved' | 'unregistered';

/** What may be looked for; all of it must hold. Text is matched whole, but for `text`. */
export interface AgentFilter {
  name?: string;
  role?: string;
  capability?: string;
  tag?: string;
  status?: AgentStatus;
  queue?: string;
  /** Part of the name or the description, whatever the case. */
  text?: string;
}

/** An agent as a list of its registry shows it. */
export interface AgentBrief {
  name: string;
  description: string | null;
  role: string | null;
  capabilities: string[];
  tags: string[];
  status: AgentStatus;
  version: number;
  queues: string[];
  running: number;
  /** Its reputation, 0 to 1. */
  score: number;
  outcomes: number;
}

export interface FindAgents extends AgentFilter {
  now: number;
  limit: number;
  /** Only agents whose names come after this one. */
  after?: string;
}

/** The answer to the `findAgents` query: by name. */
export interface FoundAgents {
  agents: AgentBrief[];
  /** How many match in this part of the registry, whatever the limit. */
  total: number;
}

/** The answer to the `registeredAgent` query. */
export interface AgentView extends AgentBrief {
  model: string | null;
  costUsd: number | null;
  priority: number;
  revision: string | null;
  versions: Version[];
  servedSince: Record<string, number>;
  paused: { by: string; reason?: string } | null;
  reputation: Reputation;
  /** By kind of work: attempts that count by now, and what they were worth on average. */
  kinds: Record<string, { evidence: number; success: number; value: number }>;
  remarks: Remark[];
}

export interface AskCandidates {
  needs: string[];
  related?: Record<string, Record<string, number>>;
  /** Only agents that this task queue serves. Default: any. */
  queue?: string;
  now: number;
  limit: number;
}

/** Who could do it, with all that the strategies go by. */
export interface RegistryCandidate {
  agent: string;
  skill: number;
  priority: number;
  running: number;
  chosen: number;
  queues: string[];
  score: number;
  n: number;
  value: number;
}

/** The answer to the `candidates` query. */
export interface CandidatesPage {
  candidates: RegistryCandidate[];
  total: number;
}

/** The answer to the `standings` query: what the learned choice goes by, of agents that have a standing or are paused. */
export interface StandingsPage {
  agents: Record<string, { score: number; paused: boolean; kinds: Record<string, Pick<Tally, 'n' | 'value'>> }>;
}

/** What a registry says of a task queue: whether a worker must tell it anything. */
export interface QueueView {
  agents: number;
  /** Of all entries the queue serves, by name. */
  digest: string;
}
