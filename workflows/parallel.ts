/**
 * Runs steps together, at most `limit` at a time (default 50; the server allows 2,000 pending children or activities a
 * workflow). Resolves with their results in order. The first failure rejects at once; the others go on unless the caller
 * runs this in a cancellation scope and cancels it.
 */
export async function parallel<T extends readonly (() => Promise<unknown>)[]>(
  steps: readonly [...T],
  options: { limit?: number } = {},
): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const results: unknown[] = new Array(steps.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < steps.length; at = next++) results[at] = await steps[at]?.();
  };
  await Promise.all(Array.from({ length: Math.min(options.limit ?? 50, steps.length) }, lane));
  return results as { -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> };
}
