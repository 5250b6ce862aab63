import { proxyActivities } from '@temporalio/workflow';
import type { createActivities } from './supervised-activities';

const { step } = proxyActivities<ReturnType<typeof createActivities>>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: 50 },
});

/** Takes as many steps as it is told; returns what each returned. */
export async function walk(steps: number): Promise<number[]> {
  const results: number[] = [];
  for (let index = 0; index < steps; index += 1) results.push(await step(index));
  return results;
}
