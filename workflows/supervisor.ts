import type { Failure } from '../protocol/failures';

/** One piece of work that is kept alive. */
export interface Supervised {
  name: string;
  /**
   * Begins the work; called again for every restart. A promise that is rejected means that it failed.
   * @param id the name, from the second start on with a number: `reader-2`.
   */
  run(id: string): Promise<unknown>;
}

/** How many restarts there may be, and what is started again together. */
export interface SuperviseOptions {
  /**
   * What is started again when one fails: it alone, all of them, or it and those after it in the list. What is started again is
   * ended first where it still runs. Default `one-for-one`.
   */
  strategy?: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  /** Restarts within the window before it is given up. Default 3. */
  maxRestarts?: number;
  /** Milliseconds or text. Default one minute. */
  window?: number | string;
  /** Told before the failure is thrown, with everything ended. */
  onEscalate?(failure: Failure): Promise<void> | void;
}

/** Temporal's primitives, handed in so that the rules can be tested on fakes. */
export interface SupervisorDeps {
  now(): number;
  /** Begins work that can be ended. */
  begin(work: () => Promise<unknown>): { result: Promise<unknown>; cancel(): void };
  isCancellation(error: unknown): boolean;
  raise(failure: Failure): Error;
}

type End = { at: number; value: unknown } | { at: number; error: unknown };
interface Running {
  cancel(): void;
  end: Promise<End>;
}

/** Runs all to their ends, by the rules of the options; gives their results by name. */
export async function superviseWith(
  children: readonly Supervised[],
  {
    strategy = 'one-for-one',
    maxRestarts = 3,
    windowMs,
    onEscalate,
  }: Omit<SuperviseOptions, 'window'> & { windowMs: number },
  deps: SupervisorDeps,
): Promise<Record<string, unknown>> {
  const starts = children.map(() => 0);
  const results: Record<string, unknown> = {};
  const running = new Map<number, Running>();
  let restarts: number[] = [];
  const start = (at: number): void => {
    const { name, run } = children[at] as Supervised;
    const number = (starts[at] ?? 0) + 1;
    starts[at] = number;
    const { result, cancel } = deps.begin(() => run(number === 1 ? name : `${name}-${number}`));
    const end = result.then(
      (value): End => ({ at, value }),
      (error): End => ({ at, error }),
    );
    running.set(at, { cancel, end });
  };
  const endAll = async (which: readonly number[]): Promise<void> => {
    const ending = which.flatMap((at) => running.get(at) ?? []);
    for (const { cancel } of ending) cancel();
    await Promise.all(ending.map(({ end }) => end));
    for (const at of which) running.delete(at);
  };
  for (const at of children.keys()) start(at);
  while (running.size > 0) {
    const end = await Promise.race([...running.values()].map((one) => one.end));
    running.delete(end.at);
    const { name } = children[end.at] as Supervised;
    if ('value' in end) {
      results[name] = end.value;
      continue;
    }
    // Nobody here ended it: the workflow itself is cancelled.
    if (deps.isCancellation(end.error)) throw end.error;
    const now = deps.now();
    restarts = restarts.filter((then) => then > now - windowMs);
    if (restarts.length >= maxRestarts) {
      await endAll([...running.keys()]);
      const failure = escalation(name, restarts.length, windowMs, end.error);
      await onEscalate?.(failure);
      throw deps.raise(failure);
    }
    restarts.push(now);
    const group = [...children.keys()].filter((at) => isMeant(strategy, at, end.at));
    await endAll(group);
    for (const at of group) start(at);
  }
  return results;
}

function isMeant(strategy: SuperviseOptions['strategy'], at: number, failed: number): boolean {
  return strategy === 'one-for-all' || (strategy === 'rest-for-one' ? at >= failed : at === failed);
}

function escalation(name: string, restarts: number, windowMs: number, error: unknown): Failure {
  const cause = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
  return {
    code: 'Supervision.Escalated',
    message: `"${name}" failed again after ${restarts} restarts within ${windowMs} ms: ${cause}`,
    hint: 'Mend what makes it fail; each start is a child workflow with its own history.',
    details: { name, restarts, cause },
  };
}
