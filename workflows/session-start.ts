import type { ResolvedAgent } from '../protocol/agent';
import { DEFAULT_LIMITS } from '../protocol/default-limits';
import type { SessionProgress, TranscriptSegment } from '../protocol/session';
import { NO_USAGE } from '../protocol/usage';
import type { Control } from './control';
import type { Inbox } from './inbox';

/** What outlives the wait for the agent: messages and commands may come before it is known. */
export interface Desk {
  control: Control;
  inbox: Inbox | undefined;
}

/** The messages a forked run begins with. */
export interface Beginning {
  segments: TranscriptSegment[];
  length: number;
  digest: string;
}

/** An agent of which only the name is known. The limits are those of an agent that says nothing about them. */
export function unknownAgent(name: string): ResolvedAgent {
  return {
    name,
    instructions: '',
    model: '',
    tools: [],
    parameters: {},
    limits: DEFAULT_LIMITS,
    context: { keepFirst: 1 },
    outputRepairs: 0,
    parallelToolCalls: 1,
    tags: [],
    revision: '',
  };
}

export function freshProgress(now: number): SessionProgress {
  return {
    turns: 0,
    toolCalls: 0,
    usage: NO_USAGE,
    costUsd: 0,
    costIncomplete: false,
    simulated: false,
    contextFrom: 0,
    outputRepairs: 0,
    repeats: { key: '', count: 0 },
    quickCalls: [],
    todos: [],
    startedAt: now,
  };
}
