import type { FailureCode } from '../../protocol/failures';
import type { StopReason } from '../../protocol/session';

/** What the shell is told; part of the public contract. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  waitingForApproval: 3,
  budgetExhausted: 4,
  cancelled: 5,
  deadline: 6,
  noConnection: 7,
  /** Ctrl-C while following: 128 + SIGINT, as every shell writes it. The run goes on. */
  detached: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const OF_STOP: Partial<Record<StopReason, ExitCode>> = {
  completed: EXIT.done,
  'max-cost': EXIT.budgetExhausted,
  cancelled: EXIT.cancelled,
  stopped: EXIT.cancelled,
  closed: EXIT.done,
  'idle-timeout': EXIT.done,
  expired: EXIT.done,
  deadline: EXIT.deadline,
};

export function exitCodeOfStop(reason: StopReason): ExitCode {
  return OF_STOP[reason] ?? EXIT.failed;
}

/** Mistakes in what was asked for: asking differently helps, asking again does not. */
const USAGE: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'Input.Invalid',
  'Input.TooLarge',
  'Agent.Invalid',
  'Agent.Unknown',
  'Tool.Invalid',
  'Tool.Unknown',
  'Config.Invalid',
  'Workspace.Invalid',
  'Run.Unknown',
  'Run.AlreadyStarted',
  'Run.Ended',
  'Budget.Unknown',
  'Budget.Exists',
  'Budget.Invalid',
  'Budget.Frozen',
  'Schedule.Unknown',
  'Schedule.Exists',
  'Approval.Unknown',
  'Approval.Decided',
  'Control.Illegal',
  'Chat.Closed',
  'Model.UnknownProvider',
  'Registry.Unknown',
  'Registry.Conflict',
  'Registry.NoCandidate',
  'Plan.Invalid',
  'Plan.Cycle',
  'Plan.UnknownNode',
  'Plan.UnknownAgent',
  'Plan.UnknownCapability',
  'Plan.AgentPaused',
  'Plan.TypeMismatch',
  'Plan.TooLarge',
  'Plan.TooDeep',
  'Plan.TooWide',
  'Plan.TooExpensive',
  'Plan.DeadlineImpossible',
  'Plan.Illegal',
]);

export function exitCodeOfFailure(code: FailureCode): ExitCode {
  if (code === 'Server.Unreachable') return EXIT.noConnection;
  if (code === 'Limit.Cost') return EXIT.budgetExhausted;
  return USAGE.has(code) ? EXIT.usage : EXIT.failed;
}
