import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

export interface WorkspaceFile {
  /** Relative to the workspace. */
  name: string;
  bytes: number;
}

const MAX_FILES = 1_000;

/** What a run wrote, the latest first. Empty where there is no workspace on this machine. */
export function filesIn(folder: string): WorkspaceFile[] {
  const found: (WorkspaceFile & { writtenAt: number })[] = [];
  const walk = (at: string): void => {
    for (const entry of entriesOf(at)) {
      if (found.length >= MAX_FILES) return;
      const full = path.join(at, entry.name);
      if (entry.isDirectory()) walk(full);
      const info = entry.isFile() ? statSync(full, { throwIfNoEntry: false }) : undefined;
      if (info) found.push({ name: path.relative(folder, full), bytes: info.size, writtenAt: info.mtimeMs });
    }
  };
  walk(folder);
  return found
    .sort((a, b) => b.writtenAt - a.writtenAt || a.name.localeCompare(b.name))
    .map(({ name, bytes }) => ({ name, bytes }));
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
