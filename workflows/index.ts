/** The entry of the workflow bundle: everything exported here is a workflow type. */
export { agentSession } from './agent-session';
export { approval } from './approval';
export { compensation } from './compensation';
export { deadLetter } from './dead-letter';
export { effect } from './effect';
export { emergencyStop } from './emergency-stop';
export { ledger } from './ledger';
export { taskPlan } from './plan/task-plan';
export { agentRegistry } from './registry/agent-registry';
export { warmPool } from './warm-pool';
