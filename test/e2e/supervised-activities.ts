import { setTimeout as sleep } from 'node:timers/promises';

/** A step takes a moment, so that a run is under way when the server dies. */
export function createActivities(done: number[]) {
  return {
    async step(index: number): Promise<number> {
      await sleep(50);
      done.push(index);
      return index * 10;
    },
  };
}
