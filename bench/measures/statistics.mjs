export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median with the lowest and highest value. */
export function summary(numbers) {
  return { measured: median(numbers), spread: [Math.min(...numbers), Math.max(...numbers)] };
}

/** Ratios of two series measured in turn: each pair saw the same noise. */
export function ratios(ours, theirs) {
  return summary(ours.map((value, round) => value / theirs[round]));
}

export function now() {
  return performance.timeOrigin + performance.now();
}

export async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
