import { readFileSync } from 'node:fs';

export function sorted(values) {
  return [...values].sort((a, b) => a - b);
}

/** The value below which that part of them is; NaN for none. */
export function part(values, of) {
  const all = sorted(values);
  return all[Math.min(all.length - 1, Math.floor(all.length * of))] ?? Number.NaN;
}

export const ms = (value) => `${value.toFixed(0)} ms`;

/** `12 (9 … 15)`: the median, and between which values the middle half is. */
export function middle(values) {
  return `${ms(part(values, 0.5))} (${part(values, 0.25).toFixed(0)} … ${part(values, 0.75).toFixed(0)})`;
}

/** Milliseconds since epoch, finer than `Date.now()`. */
export function now() {
  return performance.timeOrigin + performance.now();
}

const TICKS_A_SECOND = 100;

/** Seconds of CPU a process has used. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** Resident memory of a process, MB. */
export function residentMb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
