import { defineQuery } from '@temporalio/workflow';
import type { ResolvedAgent } from '../protocol/agent';
import type { Failure } from '../protocol/failures';
import { QUERY } from '../protocol/names';
import type { SessionStateView, TranscriptPage } from '../protocol/session';
import { NO_USAGE } from '../protocol/usage';

export const stateQuery = defineQuery<SessionStateView>(QUERY.state);
export const agentQuery = defineQuery<ResolvedAgent | null>(QUERY.agent);
export const transcriptQuery = defineQuery<TranscriptPage | null, [number?, number?]>(QUERY.transcript);

/** What is known of a session before its agent is, or when it was refused. */
export function startingView(agent: string, refusal?: Failure): SessionStateView {
  return {
    status: refusal ? 'failed' : 'running',
    phase: refusal ? 'ended' : 'starting',
    agent,
    revision: null,
    model: null,
    turns: 0,
    toolCalls: 0,
    usage: NO_USAGE,
    costUsd: 0,
    costIncomplete: false,
    simulated: false,
    length: 0,
    todos: [],
    running: [],
    stopReason: null,
    failure: refusal ? { code: refusal.code, message: refusal.message } : null,
  };
}
