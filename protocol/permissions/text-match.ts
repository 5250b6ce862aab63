import { matchGlob } from './glob';
import {
  commandsOf,
  fold,
  isPlainCommand,
  isPlainPath,
  isPlainText,
  isPlainUrl,
  pathsOf,
  textsOf,
  urlsOf,
} from './readings';
import { UNKNOWN } from './shell-words';

/** What kind of text a tool's argument is; decides which spellings mean the same. */
export type SubjectKind = 'text' | 'path' | 'command' | 'url';

/** Longer arguments have no permission by pattern, and are caught by every prohibition. */
const MAX_TEXT = 20_000;

/** For a permission: the text in its one plain spelling is what the rule names. */
export function exactly(kind: SubjectKind, text: string, pattern: string, literal: boolean): boolean {
  if (!literal && /^\*\*+$/.test(pattern)) return true;
  if (text.length > MAX_TEXT || !PLAIN[kind](text)) return false;
  if (literal) return text === pattern;
  // "*@acme.com" must not be met by a list whose last address is there.
  const stop = kind === 'text' ? /[\s,;]/ : undefined;
  return matchGlob(pattern, text, isSegmented(kind), stop).full;
}

/**
 * For a prohibition: some reading of the text is what the rule names, or could be once it is run. Catches what only looks
 * different: other case, spacing, Unicode form, escapes, quoting, path tricks.
 */
export function loosely(kind: SubjectKind, text: string, pattern: string, literal: boolean): boolean {
  if (text.length > MAX_TEXT) return true;
  if (literal ? text === pattern : matchGlob(pattern, text, isSegmented(kind)).full) return true;
  const wanted = patternReadings(kind, pattern, literal);
  return READINGS[kind](text).some((one) => wanted.some((name) => meets(kind, one, name, literal)));
}

function meets(kind: SubjectKind, text: string, wanted: string, literal: boolean): boolean {
  // From here on something else decides what stands there: anything that could still become the name is caught.
  const open = text.indexOf(UNKNOWN);
  const known = open < 0 ? text : text.slice(0, open);
  if (literal) return open < 0 ? known === wanted : wanted.startsWith(known);
  const { full, open: extends_ } = matchGlob(wanted, known, isSegmented(kind));
  return open < 0 ? full : extends_;
}

/** Stars are no letters: a pattern is folded, but not read as a path or a command. */
function patternReadings(kind: SubjectKind, pattern: string, literal: boolean): string[] {
  const folded = fold(pattern);
  if (kind === 'path') return [folded.replace(/^(\.?\/)+/, '')].concat(literal ? (pathsOf(pattern)[0] ?? []) : []);
  if (kind === 'command') return [folded, folded.replace(/["'\\]/g, '')];
  if (kind === 'url')
    return [folded, folded.replace(/^(https:\/\/[^/]*):443(?=\/|$)|^(http:\/\/[^/]*):80(?=\/|$)/, '$1$2')];
  return [folded];
}

function isSegmented(kind: SubjectKind): boolean {
  return kind === 'path' || kind === 'url';
}

const PLAIN: Record<SubjectKind, (text: string) => boolean> = {
  text: isPlainText,
  path: isPlainPath,
  command: isPlainCommand,
  url: isPlainUrl,
};

const READINGS: Record<SubjectKind, (text: string) => string[]> = {
  text: textsOf,
  path: pathsOf,
  command: commandsOf,
  url: urlsOf,
};
