import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { Stop } from './gates';
import type { DriverEnd } from './session-driver';

/**
 * Work that can be ended from outside, by an operator or by its deadline: what runs is cancelled, and the reason given becomes
 * the typed end. A cancellation of the workflow itself stays one.
 */
export class Guard {
  private work: CancellationScope | undefined;
  private timer: CancellationScope | undefined;
  private stop: Stop | undefined;

  /** @param deadlineAt asked when the work begins and whenever `rearm` is called; ms since epoch. */
  constructor(
    private readonly deadlineAt: () => number | undefined,
    private readonly onDeadline: () => Stop,
  ) {}

  /** Ends the work; false when nothing runs that could be ended. */
  abort(stop: Stop): boolean {
    if (!this.work) return false;
    this.stop ??= stop;
    this.work.cancel();
    return true;
  }

  async run(work: () => Promise<DriverEnd>): Promise<DriverEnd> {
    this.stop = undefined;
    this.work = new CancellationScope();
    this.rearm();
    try {
      return await this.work.run(work);
    } catch (error) {
      if (!this.stop || !isCancellation(error)) throw error;
      return { kind: 'ended', stop: this.stop };
    } finally {
      this.work = undefined;
      this.timer?.cancel();
      this.timer = undefined;
    }
  }

  /** Sets the deadline's timer again, after it was changed. */
  rearm(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const at = this.deadlineAt();
    if (!this.work || at === undefined) return;
    this.timer = new CancellationScope();
    this.timer
      .run(() => sleep(Math.max(at - Date.now(), 1), { summary: 'deadline of the run' }))
      .then(
        () => this.abort(this.onDeadline()),
        () => undefined,
      );
  }
}
