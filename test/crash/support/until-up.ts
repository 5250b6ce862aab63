import { setTimeout as sleep } from 'node:timers/promises';

/** A worker may be started while the server is down; a supervisor would start it again, here it waits. */
export async function untilUp<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(200);
    }
  }
}
