/** The last of those who wait for a path, by path. */
const tails = new Map<string, Promise<unknown>>();

/** Runs `work` when nobody else in this process works on the same path. Not across processes. */
export async function withPathLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const earlier = tails.get(path) ?? Promise.resolve();
  const own = earlier.then(work);
  const tail = own.catch(() => undefined);
  tails.set(path, tail);
  try {
    return await own;
  } finally {
    if (tails.get(path) === tail) tails.delete(path);
  }
}
