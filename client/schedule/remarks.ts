import type { Overlap, ScheduleTimes } from '../../protocol/schedule';
import { lengthInWords } from './words';

interface Remarkable {
  overlap: Overlap;
  pauseOnFailure: boolean;
  times: ScheduleTimes;
  next: readonly Date[];
  paused: boolean;
  remainingRuns: number | null;
}

/** What is allowed and yet perhaps not meant. */
export function remarksOn({ times, next, paused, remainingRuns, overlap, pauseOnFailure }: Remarkable): string[] {
  const remarks: string[] = [];
  if (paused) remarks.push('It is paused: nothing starts by itself.');
  if (remainingRuns === 0) remarks.push('No runs are left: nothing starts by itself.');
  else if (next.length === 0) remarks.push('There is no further time: nothing starts by itself.');
  if (pauseOnFailure && overlap === 'allow-all') {
    remarks.push('With allow-all the server does not follow runs: a failure pauses nothing.');
  }
  const shortest = Math.min(...(times.every ?? []).map(({ every }) => every));
  if (times.jitter && times.jitter > shortest) {
    remarks.push(
      `The jitter (${lengthInWords(times.jitter)}) is longer than the interval; no start is later than the time after its own.`,
    );
  }
  return remarks;
}
