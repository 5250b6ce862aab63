const MAX_SUGGESTIONS = 3;

/** Known names a reader may have meant: the same but for case and separators, a beginning, or few typing errors away. */
export function nearMisses(name: string, known: readonly string[]): string[] {
  const wanted = plain(name).slice(0, 100);
  const near = known
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, plain(candidate)) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(wanted.length / 3)))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const sure = near.filter(({ distance }) => distance === 0);
  return (sure.length > 0 ? sure : near).slice(0, MAX_SUGGESTIONS).map(({ candidate }) => candidate);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function distanceOf(wanted: string, candidate: string): number {
  const distance = editDistance(wanted, candidate);
  return wanted.length >= 3 && candidate.startsWith(wanted) ? Math.min(1, distance) : distance;
}

/** Levenshtein: insertions, deletions and replacements from one to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
