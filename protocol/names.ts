/**
 * Every name that crosses the wire, once. Changing one breaks running work and other-language clients.
 */

export const DEFAULT_TASK_QUEUE = 'holdfast';

export const WORKFLOW = {
  agentSession: 'agentSession',
  /** One question to people, until it is decided; its input is an `ApprovalRequest`, its result an `ApprovalOutcome`. */
  approval: 'approval',
  /** The money of one tree of accounts; its id is `ledger/ROOT`. */
  ledger: 'ledger',
  /** One call of a `once` tool; its id is made of what is done, so that it is done once. */
  effect: 'effect',
  /** Undoes the effects of a run that ended without success; its input is a `CompensationInput`. */
  compensation: 'compensation',
  /** Work that was given up, kept until somebody retries or discards it; its input is a `DeadLetter`. */
  deadLetter: 'deadLetter',
  /** A graph of tasks, run by agents; its input is a `PlanInput`, its result a `PlanResult`. */
  taskPlan: 'taskPlan',
  /** One part of a registry of agents; its id is `agents/REGISTRY/PART`, its input a `RegistryInput`. */
  agentRegistry: 'agentRegistry',
  /** An order to stop many runs; its input is a `StopOrder`, its result a `StopReceipt`. */
  emergencyStop: 'emergencyStop',
  /** Sessions that wait to be used; its input is a `WarmPoolInput`. */
  warmPool: 'warmPool',
} as const;

/** The workflow id of the ledger that keeps an account. */
export function ledgerIdOf(account: string): string {
  return `${WORKFLOW.ledger}${ID_SEPARATOR}${account.split('/', 1)[0]}`;
}

export const QUERY = {
  /** `(from, to?) => TranscriptPage`: messages by position, at most one page. */
  transcript: 'transcript',
  /** `() => ResolvedAgent`: the agent this run is pinned to. */
  agent: 'agent',
  /** `() => SessionStateView`: what the run is doing, spent and waits for. */
  state: 'state',
  /** `(number) => Exchange | null`: how an exchange of a chat goes; null for one long past or not there yet. */
  exchange: 'exchange',
  /** `() => PermissionView`: what the run may do, and what outside content it has seen. */
  permissions: 'permissions',
  /** Of an approval: `() => ApprovalView`. */
  view: 'view',
  /** Of a ledger: `() => AccountView[]`. */
  accounts: 'accounts',
  /** Of a ledger: `(from?, to?) => EntriesPage`: entries by number, at most one page. */
  entries: 'entries',
  /** Of a run with an account: `() => PurseView | null`. */
  purse: 'purse',
  /** Of a dead letter: `() => DeadLetterView`. */
  letter: 'letter',
  /** Of a compensation: `() => CompensationView`. */
  compensation: 'compensation',
  /** Of a plan: `() => PlanView`. */
  plan: 'plan',
  /** Of a plan: `(from?, count?) => NodesPage`: its nodes, in the order they are written. */
  nodes: 'nodes',
  /** Of a registry: `(FindAgents) => FoundAgents`: agents of this part, by what they are. */
  findAgents: 'findAgents',
  /** Of a registry: `(name, now) => AgentView | null`. */
  registeredAgent: 'registeredAgent',
  /** Of a registry: `(AskCandidates) => CandidatesPage`: who of this part could do some work. */
  candidates: 'candidates',
  /** Of a registry: `(kinds, now) => StandingsPage`: what the learned choice goes by. */
  standings: 'standings',
  /** Of a registry: `(taskQueue) => QueueView`: what of this part a task queue serves. */
  queue: 'queue',
  /** Of an emergency stop: `() => StopReceipt`, as far as it is known. */
  receipt: 'receipt',
  /** Of a pool: `() => WarmPoolView`. */
  pool: 'pool',
} as const;

/** What a query fails with, first in its message, that met a run just being loaded: ask again. See `workflows/interceptors.ts`. */
export const ASK_AGAIN = 'Query.AskAgain';

/** What may be asked of a running session. Each takes one object, see `protocol/control.ts`; all but `send` need `by`. */
export const UPDATE = {
  /** A message for a chat; answered with a `Receipt` as soon as it is queued. The update id makes it idempotent. */
  send: 'send',
  /** Guidance for the next model call. */
  steer: 'steer',
  /** Calls that run end; nothing new starts. */
  pause: 'pause',
  resume: 'resume',
  /** While paused: one turn or one call. */
  step: 'step',
  /** Ends the run, now. */
  stop: 'stop',
  /** Ends the exchange of a chat, now; the chat goes on. */
  interrupt: 'interrupt',
  /** Model, parameters, limits, priority, breakpoints. */
  change: 'change',
  rename: 'rename',
  /** No more messages; ends the chat once those in the queue are answered. */
  close: 'close',
  /** Of an approval: one `Decision`. As a signal of the same name it counts too, but cannot be answered. */
  decide: 'decide',
  /** Of a ledger; see `protocol/budget/terms.ts`. */
  openAccount: 'openAccount',
  topUp: 'topUp',
  setTerms: 'setTerms',
  freeze: 'freeze',
  unfreeze: 'unfreeze',
  /** Of a dead letter: does the work again; answered when it is done or has failed again. */
  retry: 'retry',
  /** Of a dead letter: nothing will be done about it. */
  discard: 'discard',
  /** Of a plan: adds, replaces and removes nodes that have not begun; answered with what changed. */
  amend: 'amend',
  /** Of a plan: one node, see `protocol/plan/control.ts`. */
  adjust: 'adjust',
  /** Of a registry: agents, new or changed; answered with what came of it. */
  register: 'register',
  unregister: 'unregister',
  /** Of a registry: an agent may be chosen, or not. */
  appoint: 'appoint',
  /** Of a registry: what a person thinks of an agent's work. */
  rate: 'rate',
  /** Of an emergency stop: runs may start again. */
  release: 'release',
  /** Of a pool: a session nobody has used; answered with `Taken`. The update id makes it idempotent. */
  take: 'take',
  /** Of a pool: how many sessions may wait. */
  resize: 'resize',
} as const;

export const SIGNAL = {
  /** To a ledger: a `LeaseRequest`. */
  lease: 'lease',
  /** From a ledger to a run: a `LeaseReply`. */
  leased: 'leased',
  /** From an approval to whoever asked for that: a `Decided`. */
  decided: 'decided',
  /** To a registry: a `Report` of what agents did. */
  report: 'report',
} as const;

/** Custom search attributes. SQL visibility allows 10 keyword, 3 integer and 3 double ones per namespace: keep this short. */
export const SEARCH_ATTRIBUTE = {
  agent: { name: 'HoldfastAgent', type: 'KEYWORD' },
  status: { name: 'HoldfastStatus', type: 'KEYWORD' },
  tenant: { name: 'HoldfastTenant', type: 'KEYWORD' },
  parent: { name: 'HoldfastParent', type: 'KEYWORD' },
  costUsd: { name: 'HoldfastCostUsd', type: 'DOUBLE' },
  /** Of an approval: who may decide now. */
  approvers: { name: 'HoldfastApprovers', type: 'KEYWORD_LIST' },
} as const;

const TOOL_PREFIX = 'tool.';
const CHECK_PREFIX = 'check.';

/** The activity type of a tool; the Web UI shows it, so it carries the tool's name. */
export function toolActivityType(toolName: string): string {
  return TOOL_PREFIX + toolName;
}

/** The activity type that finds out whether a call of the tool took effect. */
export function checkActivityType(toolName: string): string {
  return CHECK_PREFIX + toolName;
}

/** The tool whose activity it is; undefined for any other. */
export function toolOfActivity(activityType: string): string | undefined {
  return activityType.startsWith(TOOL_PREFIX) ? activityType.slice(TOOL_PREFIX.length) : undefined;
}

/** Ids of child runs start with their parent's id and this separator, so one id finds a whole tree. */
export const ID_SEPARATOR = '/';

/** The id of the outermost run a (child) run belongs to: the correlation id of everything it does. */
export function rootIdOf(workflowId: string): string {
  return workflowId.split(ID_SEPARATOR, 1)[0] ?? workflowId;
}
