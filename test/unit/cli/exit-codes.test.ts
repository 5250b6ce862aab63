import { EXIT, exitCodeOfFailure, exitCodeOfStop } from '../../../apps/cli/exit-codes';
import type { FailureCode } from '../../../protocol/failures';
import type { StopReason } from '../../../protocol/session';

test('the numbers are part of the contract', () => {
  expect(EXIT).toEqual({
    done: 0,
    failed: 1,
    usage: 2,
    waitingForApproval: 3,
    budgetExhausted: 4,
    cancelled: 5,
    deadline: 6,
    noConnection: 7,
    detached: 130,
  });
});

test.each<[StopReason, number]>([
  ['completed', 0],
  ['max-cost', 4],
  ['cancelled', 5],
  ['deadline', 6],
  ['max-turns', 1],
  ['max-tool-calls', 1],
  ['invalid-output', 1],
  ['refused', 1],
])('a run that ends with %s exits with %d', (reason, code) => {
  expect(exitCodeOfStop(reason)).toBe(code);
});

test.each<[FailureCode, number]>([
  ['Server.Unreachable', 7],
  ['Limit.Cost', 4],
  ['Input.Invalid', 2],
  ['Input.TooLarge', 2],
  ['Agent.Unknown', 2],
  ['Agent.Invalid', 2],
  ['Tool.Unknown', 2],
  ['Tool.Invalid', 2],
  ['Config.Invalid', 2],
  ['Run.Unknown', 2],
  ['Run.AlreadyStarted', 2],
  ['Model.Auth', 1],
  ['Server.PortBusy', 1],
  ['Internal.Bug', 1],
])('%s exits with %d', (failure, code) => {
  expect(exitCodeOfFailure(failure)).toBe(code);
});
