import { shellWords, UNKNOWN, type Words } from './shell-words';

/**
 * The ways a text may be understood by what finally reads it: a file system, a shell, a browser, a person. A plain text has one.
 * Deterministic: the workflow asks it.
 */

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u;
const INVISIBLE_ALL = new RegExp(INVISIBLE.source, 'gu');
const SHELL_ACTIVE = /[;&|`$<>(){}[\]\\*?~!#'"%^]/;
/** Programs and words after which a command follows, */
const RUN_NEXT = setOf(
  'doas nohup time exec command builtin nice ionice chrt taskset timeout stdbuf setsid busybox toybox coproc setarch catchsegv ' +
    'if then else elif do while until { } ! eval trap sh bash zsh dash ksh ash fish cmd powershell pwsh start call',
);
/** or in which it may stand anywhere, */
const RUN_LATER = setOf(
  'ssh su runuser flock chroot nsenter unshare script watch parallel strace ltrace env xargs sudo systemd-run',
);
/** or only with such a word. */
const RUN_SOMETIMES = setOf('find fd docker podman kubectl');
const RUNS = /^(-(exec|ok)(dir)?|-x|--exec.*|exec|run)$/;
/** What these do is in another text: their input, a file, an interpreter's code. */
const READ_CODE = setOf(
  'sh bash zsh dash ksh ash fish source . python perl ruby node php lua deno bun pwsh tclsh expect',
);
const INTERPRETER = /^(python|perl|ruby|node|php|lua|deno|bun|pwsh|powershell|osascript|tclsh|expect)[\d.]*$/;
const CODE_OPTION = /^(-\w*[cepr]\w*|--?(eval|print|command|encodedcommand|enc)\b.*)$/i;
/** Candidates in one command; more are not looked at. */
const MAX_CANDIDATES = 40;
const MAX_DECODINGS = 8;
const MAX_PARTS = 64;

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}

/** Nothing that hides, and no second form of the same letters. */
export function isPlainText(text: string): boolean {
  return text === text.normalize('NFC') && !INVISIBLE.test(text);
}

export function isPlainPath(text: string): boolean {
  if (!isPlainText(text) || text === '' || /[\\"']|%[0-9a-f]{2}/i.test(text)) return false;
  if (text.startsWith('~')) return false;
  return text
    .replace(/^\//, '')
    .split('/')
    .every((part) => part === part.trim() && !/^$|\.$/.test(part));
}

/** One simple command, which no shell would change. */
export function isPlainCommand(text: string): boolean {
  return isPlainText(text) && !SHELL_ACTIVE.test(text) && text === text.trim() && !/\s{2}|[^\S ]/.test(text);
}

/** No user part and nothing a client would resolve to something else. */
export function isPlainUrl(text: string): boolean {
  if (!/^https?:\/\/[a-z0-9.-]*[a-z0-9](:\d{1,5})?(\/[A-Za-z0-9._~!$&'()+,;=:@/?-]*)?$/.test(text)) return false;
  return !/\/\.{1,2}(?![\w-])|\/\/.*\/\//.test(text);
}

/** One case, compatibility form without accents, nothing invisible, single spaces. */
export function fold(text: string): string {
  const visible = text.replace(INVISIBLE_ALL, (char) => (/\s/.test(char) ? ' ' : ''));
  const letters = visible.normalize('NFKD').replace(/\p{M}/gu, '');
  return letters.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').replace(/\s+/g, ' ').trim();
}

export function textsOf(text: string): string[] {
  return distinct(decodings(text).flatMap((one) => [fold(one), ...(one.includes('\0') ? [fold(upToNul(one))] : [])]));
}

export function pathsOf(text: string): string[] {
  return distinct(textsOf(text).flatMap((one) => resolvePath(one.replace(/^file:/, ''))));
}

export function urlsOf(text: string): string[] {
  return distinct(decodings(text).flatMap((one) => [fold(one), ...resolveUrl(one), ...asClientsRead(one)]));
}

/** Every simple command in the line, also behind others, in substitutions and behind programs that run programs. */
export function commandsOf(text: string): string[] {
  const line = text.replaceAll(UNKNOWN, '');
  const lines = [line];
  // The shell of Windows drops carets and replaces %NAME%.
  if (/[%^]/.test(line)) lines.push(line.replace(/\^/g, '').replace(/%[^%\s]+%/g, '$'));
  return distinct([fold(text), ...lines.flatMap((one) => shellWords(one).flatMap(candidates))]);
}

function candidates(raw: Words): string[] {
  const words = raw.map(foldWord).filter((word) => word !== '');
  const found: string[] = [];
  let anywhere = false;
  for (const [from, word] of words.entries()) {
    if (found.length > MAX_CANDIDATES) return [UNKNOWN];
    const rest = words.slice(from + 1);
    const name = nameOf(word);
    for (const one of distinct([word, name, `/${resolved(word)}`])) found.push([one, ...rest].join(' '));
    if (isUnreadable(name, rest)) found.push(UNKNOWN);
    // What they append comes from elsewhere.
    if (name === 'xargs' || name === 'parallel') words.push(UNKNOWN);
    anywhere ||= RUN_LATER.has(name) || (RUN_SOMETIMES.has(name) && rest.some((one) => RUNS.test(one)));
    const argument = from > 0 && /^-/.test(words[from - 1] as string);
    if (!anywhere && !argument && !isPassing(name)) break;
  }
  return found;
}

function nameOf(word: string): string {
  return (word.split(/[/\\]/).at(-1) ?? '').replace(/\.(exe|cmd|bat|com)$/, '');
}

/** Whether what follows the word may be a command of its own. */
function isPassing(name: string): boolean {
  return RUN_NEXT.has(name) || /^[a-z_]\w*(\[[^\]]*\])?\+?=|^[-+]|^[\d.]+[smhd]?$/.test(name);
}

function isUnreadable(name: string, rest: string[]): boolean {
  if (name === 'alias' || name === 'case') return true;
  if (INTERPRETER.test(name) && rest.some((word) => CODE_OPTION.test(word))) return true;
  const operands = rest.filter((word) => !/^[-+]/.test(word) && !/^\/dev\/(stdin|fd\/)/.test(word));
  return operands.length === 0 && READ_CODE.has(name.replace(/[\d.]+$/, '') || name);
}

function foldWord(word: string): string {
  return word.split(UNKNOWN).map(fold).join(UNKNOWN);
}

/** With percent escapes undone, as often as something undoes them. */
function decodings(text: string): string[] {
  const found = [text];
  for (let at = text; found.length < MAX_DECODINGS; ) {
    const next = at
      .replace(/(%[0-9a-f]{2})+/gi, bytesOf)
      .replace(/%u([0-9a-f]{4})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === at) break;
    found.push(next);
    at = next;
  }
  return found;
}

/** As UTF-8; else byte by byte, where two bytes may also be an ASCII character written longer than it should be. */
function bytesOf(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    const overlong = escapes.replace(/%c([01])%([89ab][0-9a-f])/gi, (_all, high: string, low: string) =>
      String.fromCharCode(Number(high) * 64 + (Number.parseInt(low, 16) & 63)),
    );
    return overlong.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

function upToNul(text: string): string {
  return text.slice(0, text.indexOf('\0'));
}

/**
 * As a file system would take it, from the folder it starts in. One that starts elsewhere, at the root or above, may come back to
 * that folder: then every end of it counts.
 */
function resolvePath(text: string): string[] {
  const path = resolved(text);
  const parts = path.split('/');
  const up = parts.filter((part) => part === '..').length;
  // A stream of a file, as Windows names it.
  const files = (one: string): string[] => (one.includes(':') ? [one, one.replace(/:[^/]*$/, '')] : [one]);
  if (up === 0 && !/^([a-z]:)?[/\\~]/.test(text)) return files(path);
  if (parts.length > MAX_PARTS) return [UNKNOWN];
  return parts.flatMap((_part, from) => (from < up ? [] : files(parts.slice(from).join('/')))).concat(path);
}

function resolved(text: string): string {
  const parts: string[] = [];
  for (const part of text.replace(/\\/g, '/').replace(/["']/g, '').split('/')) {
    const name = part.trim().replace(/(?<=[^. ])[. ]+$/, '');
    if (name === '' || name === '.') continue;
    if (name === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(name);
  }
  return parts.join('/');
}

/** By hand, for what is no valid URL but may become one. */
function resolveUrl(text: string): string[] {
  const rest = fold(text.replace(/\s/g, ''))
    .replace(/^[a-z][a-z0-9+.-]*:/, '')
    .replace(/^[/\\]+/, '');
  const [authority = ''] = rest.split(/[/\\?#]/);
  const host = (authority.split('@').at(-1) ?? '').replace(/[.\u3002]+(?=:|$)/, '').replaceAll('\u3002', '.');
  return spelled(host, rest.slice(authority.length));
}

/** By the rules browsers and fetch go by. */
function asClientsRead(text: string): string[] {
  try {
    const { host, pathname, search } = new URL(/^\s*[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`);
    const name = host.replace(/\.(?=:|$)/, '');
    return [name, dotted(name)].flatMap((one) => spelled(one, pathname + search));
  } catch {
    return [];
  }
}

/** An IPv4 address inside of an IPv6 address, as it is usually written. */
function dotted(host: string): string {
  return host.replace(
    /^\[(?:::ffff:|::|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})\]/,
    (_all, high: string, low: string) => {
      const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
      return [a >> 8, a & 255, b >> 8, b & 255].join('.');
    },
  );
}

/** With and without scheme, port and the slash at the end. A rule that names no port means all of them. */
function spelled(host: string, path: string): string[] {
  const [way = ''] = path.split(/[?#]/);
  const tails = distinct([path, `/${resolved(way)}`, `/${resolved(way)}/`, ...(resolved(way) === '' ? [''] : [])]);
  const hosts = distinct([host, host.replace(/:\d*$/, '')]);
  return ['https://', 'http://', ''].flatMap((scheme) =>
    hosts.flatMap((name) => tails.map((tail) => (scheme + name + tail).toLowerCase())),
  );
}

function distinct(texts: string[]): string[] {
  return [...new Set(texts)];
}
