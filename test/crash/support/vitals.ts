import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** What a process and a folder take. */
export interface Vitals {
  at: number;
  rssBytes: number;
  cpuMs: number;
}

/** Of the kernel's clock, as Linux tells it to programs. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4_096;

/** Undefined where there is no such process, or no /proc. */
export function vitalsOf(pid: number): Vitals | undefined {
  try {
    // The name may hold blanks; it is in brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { at: Date.now(), rssBytes: Number(fields[21]) * PAGE_BYTES, cpuMs: ticks * MS_PER_TICK };
  } catch {
    return undefined;
  }
}

/** The database with its log. */
export function databaseBytes(folder: string): number {
  const files = readdirSync(folder).filter((name) => name.includes('.db'));
  return files.reduce(
    (sum, name) => sum + (statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
