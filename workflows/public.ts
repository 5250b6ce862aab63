/**
 * For users' own workflows. Safe in the workflow sandbox.
 * @module holdfast/workflow
 */

export { type RequestApprovalOptions, requestApproval } from './ask-approval';
export { type CallToolOptions, callTool } from './call-tool';
export { type HandOverOptions, type HandOverResult, handOver } from './hand-over';
export type { HandOverLimits, HandOverStop } from './hand-over-breaker';
export { parallel } from './parallel';
export { type AgentRun, type RunAgentOptions, runAgent, startAgent } from './run-agent';
export { type SupervisedAgent, supervise } from './supervise';
export type { Supervised, SuperviseOptions } from './supervisor';
