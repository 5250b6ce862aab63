import { type Crossing, KINDS } from './failpoints';

/** Whether the campaigns run in full: `npm run test:chaos`. */
export const LONG = process.env.HOLDFAST_CHAOS === 'long';

/** All crossings, or so many of them: every kind at least once, each at another place of the session, the rest evenly. */
export function choose(crossings: readonly Crossing[], count: number): Crossing[] {
  if (count >= crossings.length) return [...crossings];
  const chosen = new Set<Crossing>();
  KINDS.forEach((kind, index) => {
    const all = crossings.filter((crossing) => crossing.kind === kind);
    // A different share of the way for each kind, so that the kinds do not all meet in one turn.
    const one = all[Math.floor((all.length * ((index * 5) % KINDS.length)) / KINDS.length)];
    if (one) chosen.add(one);
  });
  const rest = crossings.filter((crossing) => !chosen.has(crossing));
  const missing = Math.max(0, count - chosen.size);
  for (let index = 0; index < missing; index++) {
    const one = rest[Math.floor(((index + 0.5) * rest.length) / missing)];
    if (one) chosen.add(one);
  }
  return crossings.filter((crossing) => chosen.has(crossing));
}

/** All, or so many of them, evenly spread. */
export function evenly<T>(all: readonly T[], count: number): T[] {
  if (count >= all.length) return [...all];
  return Array.from({ length: count }, (_, at) => all[Math.floor(((at + 0.5) * all.length) / count)] as T);
}
