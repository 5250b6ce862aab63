import { toApplicationFailure } from './failures';

/**
 * Runs steps together, at most `limit` at a time (default 50; the server allows 2,000 pending children or activities a
 * workflow). Resolves with their results in order. The first failure rejects at once; the others go on unless the caller
 * runs this in a cancellation scope and cancels it.
 * @typeParam T the steps, one by one: each result has the type of its own step.
 *
 * @example
 * ```ts
 * import { parallel, runAgent } from 'holdfast/workflow';
 *
 * export async function summaries(files: string[]): Promise<string[]> {
 *   return parallel(
 *     files.map((file) => () => runAgent('reader', { input: `Summarise ${file}.` })),
 *     { limit: 10 },
 *   );
 * }
 * ```
 */
export async function parallel<T extends readonly (() => Promise<unknown>)[]>(
  steps: readonly [...T],
  options: { limit?: number } = {},
): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const { limit = 50 } = options;
  if (!(limit >= 1)) {
    throw toApplicationFailure({
      code: 'Input.Invalid',
      message: `parallel: the limit must be at least 1, not ${limit}`,
    });
  }
  const results: unknown[] = new Array(steps.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < steps.length; at = next++) results[at] = await steps[at]?.();
  };
  await Promise.all(Array.from({ length: Math.min(Math.floor(limit), steps.length) }, lane));
  return results as { -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> };
}
