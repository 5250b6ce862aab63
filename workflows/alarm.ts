import { CancellationScope, sleep } from '@temporalio/workflow';

/** One timer that is set again only when something comes earlier: a timer for every wait would be most of a busy history. */
export class Alarm {
  rang = false;
  private at = Number.POSITIVE_INFINITY;
  private timer: CancellationScope | undefined;

  constructor(private readonly summary: string) {}

  /** Rings at this time, or before. */
  set(at: number): void {
    if (at >= this.at) return;
    this.timer?.cancel();
    const timer = new CancellationScope();
    this.at = at;
    this.timer = timer;
    timer
      .run(() => sleep(Math.max(at - Date.now(), 1), { summary: this.summary }))
      .then(
        () => {
          this.rang = true;
          this.at = Number.POSITIVE_INFINITY;
          this.timer = undefined;
        },
        () => undefined,
      );
  }
}
