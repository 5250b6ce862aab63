import { setTimeout as sleep } from 'node:timers/promises';
import { ASK_AGAIN } from '../protocol/names';

const TRIES = 8;
const FIRST_PAUSE_MS = 50;

/** Asks a query, and asks again where it met a run that was just being loaded; see `workflows/interceptors.ts`. */
export async function askRun<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isAskAgain(error) || attempt === TRIES) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

/** Of a query's failure only the words come through. */
export function isAskAgain(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(ASK_AGAIN);
}
