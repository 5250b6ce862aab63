import { proxySinks, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** What was run of one file: ids of statements and functions, and of branches with the arm that was taken. */
export interface Hits {
  s: string[];
  f: string[];
  b: [id: string, arm: number][];
}

export interface HitSinks extends Sinks {
  hits: { add(hits: Record<string, Hits>): void };
}

interface Counters {
  s: Record<string, number>;
  f: Record<string, number>;
  b: Record<string, number[]>;
}

/** See `coverage-loader.cjs`. */
interface Covered {
  __holdfastCoverage?: { counters: Record<string, Counters> };
}

const { hits } = proxySinks<HitSinks>();
/** A counter that was told never counts up to one again. */
const TOLD = -1e15;

/**
 * Runs inside the workflow sandbox: after every activation, tells which counters of the instrumented code have left zero. Told once
 * by each worker; all of a coverage report, every time, would take longer than most tests.
 */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  internals: [
    {
      concludeActivation(input, next) {
        const news = untold((globalThis as Covered).__holdfastCoverage?.counters ?? {});
        if (Object.keys(news).length > 0) hits.add(news);
        return next(input);
      },
    },
  ],
});

function untold(files: Record<string, Counters>): Record<string, Hits> {
  const news: Record<string, Hits> = {};
  for (const file of Object.keys(files)) {
    const { s, f, b } = files[file] as Counters;
    const found: Hits = { s: leftZero(s), f: leftZero(f), b: [] };
    for (const id of Object.keys(b)) for (const arm of leftZero(b[id] as number[])) found.b.push([id, Number(arm)]);
    if (found.s.length + found.f.length + found.b.length > 0) news[file] = found;
  }
  return news;
}

function leftZero(counters: Record<string, number> | number[]): string[] {
  const counts = counters as Record<string, number>;
  const found = Object.keys(counts).filter((id) => (counts[id] as number) > 0);
  for (const id of found) counts[id] = TOLD;
  return found;
}
