import { CancellationScope, condition, sleep } from '@temporalio/workflow';

/** As `condition` with a timeout in ms, under a name that the Web UI shows: false when the time was over first. */
export async function conditionWithin(over: () => boolean, ms: number, summary: string): Promise<boolean> {
  const scope = new CancellationScope();
  const timer = scope
    .run(() => sleep(Math.max(ms, 1), { summary }))
    .then(
      () => false,
      (error) => {
        if (over()) return true;
        throw error;
      },
    );
  try {
    return await Promise.race([timer, condition(over).then(() => true)]);
  } finally {
    scope.cancel();
  }
}
