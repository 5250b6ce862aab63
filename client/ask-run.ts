import { ASK_AGAIN } from '../protocol/names';
import { isTimeout } from './errors';

const TRIES = 8;
const FIRST_PAUSE_MS = 50;
/**
 * How long an answer is waited for before the question is asked a second and a third time. A query that meets its run as that continues as
 * new is held for the run that has ended then, which a worker must load from its whole history, once for each such query. Asked again,
 * it goes to the run there is by now.
 */
const PATIENCE_MS = [3_000, 6_000];

/** Asks a query, and again where it is not answered soon, or met a run that was just being loaded. The first answer counts. */
export async function askRun<Answer>(
  ask: () => Promise<Answer>,
  [ms, ...later]: readonly number[] = PATIENCE_MS,
  before: readonly Promise<Answer>[] = [],
): Promise<Answer> {
  const asked = askUntilLoaded(ask);
  const answer = await within(ms, [...before.map(unlessTooLate), asked]);
  return answer === TIRED ? askRun(ask, later, [...before, asked]) : answer;
}

const TIRED = Symbol('tired');

async function within<Answer>(ms: number | undefined, tries: Promise<Answer>[]): Promise<Answer | typeof TIRED> {
  if (ms === undefined) return Promise.race(tries);
  let timer: NodeJS.Timeout | undefined;
  const tired = new Promise<typeof TIRED>((resolve) => {
    timer = setTimeout(resolve, ms, TIRED);
  });
  try {
    return await Promise.race([...tries, tired]);
  } finally {
    clearTimeout(timer);
  }
}

/** That an earlier try came too late says nothing, for another is under way. */
function unlessTooLate<Answer>(asked: Promise<Answer>): Promise<Answer> {
  return asked.catch((error) => (isTimeout(error) ? new Promise(() => undefined) : Promise.reject(error)));
}

/** See `workflows/interceptors.ts`. */
async function askUntilLoaded<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isAskAgain(error) || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }
}

/** Of a query's failure only the words come through. */
export function isAskAgain(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(ASK_AGAIN);
}
