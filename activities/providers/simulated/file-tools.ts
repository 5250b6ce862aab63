import { isRecord, jsonOf, type Outcome, type Situation, shortReason, type ToolUse } from './rule';

/** How the simulated model asks the files tools, and what it understands of their answers. */

/** A folder to look into: everything below it where the agent may walk, else what it holds itself. */
export interface Look {
  path: string;
  /** The last path seen, to go on after it. */
  after?: string;
}

interface SeenFile {
  path: string;
  bytes: number;
}

/** `cut`: the answer was shortened on its way, a smaller one may come through. */
export type Seen =
  | { files: SeenFile[]; folders: string[]; special: number; after?: string }
  | 'cut'
  | { problem: string };

export type Part = { text: string; next: number | undefined } | 'cut' | 'binary' | { problem: string };

/** Left out of walks by the tool; left out of lists by us. */
const SKIPPED = /(?:^|\/)(?:\.git|node_modules)$/;

/** The tool that looks into folders, where it and the one that reads are granted. */
export function lookTool(tools: Situation['tools']): string | undefined {
  if (!tools.has('files_read')) return undefined;
  return ['files_walk', 'files_list'].find((name) => tools.has(name));
}

export function lookCall(name: string, look: Look, limit: number): ToolUse {
  return { name, arguments: { ...look, limit } };
}

export function readSeen({ name, arguments: { path }, result }: Outcome): Seen {
  if (result?.outcome !== 'ok') return { problem: `${name} ${JSON.stringify(path)}: ${shortReason(result)}` };
  const answer = jsonOf(result);
  if (!isRecord(answer)) return 'cut';
  const entries = [answer.files, answer.entries].find(Array.isArray) ?? [];
  const known = entries.filter((entry) => isRecord(entry) && typeof entry.path === 'string');
  const ofType = (type: string) => known.filter((entry) => entry.type === type);
  const folders = ofType('folder').map((entry) => entry.path as string);
  return {
    files: ofType('file').map(({ path: file, bytes }) => ({
      path: file,
      bytes: typeof bytes === 'number' ? bytes : 0,
    })),
    folders: name === 'files_list' ? folders.filter((folder) => !SKIPPED.test(folder)) : [],
    special: known.length - ofType('file').length - folders.length,
    ...(typeof answer.next === 'string' && { after: answer.next }),
  };
}

export function readCall(path: string, startByte: number, bytes: number): ToolUse {
  return { name: 'files_read', arguments: { path, startByte, bytes } };
}

export function readPart({ arguments: { startByte }, result }: Outcome): Part {
  if (result?.outcome !== 'ok') {
    const isBinary = result?.outcome === 'failed' && /" is (?:binary|not UTF-8|UTF-16)/.test(result.content);
    return isBinary ? 'binary' : { problem: shortReason(result) };
  }
  const answer = jsonOf(result);
  if (!isRecord(answer) || typeof answer.text !== 'string') return 'cut';
  const next = isRecord(answer.next) ? answer.next.startByte : undefined;
  if (next === undefined) return { text: answer.text, next: undefined };
  // A range that does not go on would be read for ever.
  if (typeof next !== 'number' || next <= Number(startByte)) return { problem: 'the tool did not say how to read on' };
  return { text: answer.text, next };
}
