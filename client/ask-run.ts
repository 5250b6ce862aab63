import { ASK_AGAIN } from '../protocol/names';
import { isUnanswered } from './errors';

const TRIES = 8;
const FIRST_PAUSE_MS = 50;
/**
 * How often a query is asked that no worker came to in time, which is some ten seconds. One that meets its run as that continues as new is
 * held for the run that has ended then, which a worker must load from its whole history, once for each such query. Asked again, it goes
 * to the run there is by now. Where there is no worker, the second answer is the same.
 */
const TIMES_UNANSWERED = 2;

/** Asks a query, and again where it met a run that was just being loaded (see `workflows/interceptors.ts`), or one that was just ending. */
export async function askRun<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  let unanswered = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const again = isAskAgain(error) || (isUnanswered(error) && ++unanswered < TIMES_UNANSWERED);
      if (!again || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }
}

/** Of a query's failure only the words come through. */
export function isAskAgain(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(ASK_AGAIN);
}
