/** Globals are a run's own: the sandbox gives and takes them with each activation. */
interface OfThisRun {
  __holdfastCounts?: Record<string, number>;
}

/**
 * The next number, from 1, of what a run counts. Modules cannot count: they are loaded once for all runs of a worker (`preloadModules` in
 * `workers/bundler.ts`), and a variable in one would be shared by all of them.
 */
export function nextNumber(of: string): number {
  const run = globalThis as OfThisRun;
  run.__holdfastCounts ??= {};
  const counts = run.__holdfastCounts;
  const number = (counts[of] ?? 0) + 1;
  counts[of] = number;
  return number;
}
