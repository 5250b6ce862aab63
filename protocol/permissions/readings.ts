/**
 * The ways a text may be understood by what finally reads it: a file system, a shell, a browser, a person. A plain text has one.
 * Deterministic: the workflow asks it.
 */

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u;
const INVISIBLE_ALL = new RegExp(INVISIBLE.source, 'gu');
const SHELL_ACTIVE = /[;&|`$<>(){}[\]\\*?~!#'"%^]/;
/** Programs that run what follows them. */
const WRAPPERS = new Set(
  (
    'sudo doas env nohup time exec command builtin nice ionice timeout stdbuf setsid busybox xargs eval source . ' +
    'if then else elif do while until ! sh bash zsh dash ksh ash fish'
  ).split(' '),
);

/** Nothing that hides, and no second form of the same letters. */
export function isPlainText(text: string): boolean {
  return text === text.normalize('NFC') && !INVISIBLE.test(text);
}

export function isPlainPath(text: string): boolean {
  if (!isPlainText(text) || text === '' || /[\\"']|%[0-9a-f]{2}/i.test(text)) return false;
  return text.split('/').every((part) => part === part.trim() && !/^$|\.$/.test(part));
}

/** One simple command, which no shell would change. */
export function isPlainCommand(text: string): boolean {
  return isPlainText(text) && !SHELL_ACTIVE.test(text) && text === text.trim() && !/\s{2}|[^\S ]/.test(text);
}

/** No user part and nothing a client would resolve to something else. */
export function isPlainUrl(text: string): boolean {
  if (!/^https?:\/\/[a-z0-9.-]*[a-z0-9](:\d{1,5})?(\/[A-Za-z0-9._~!$&'()+,;=:@/?-]*)?$/.test(text)) return false;
  return !/\/\.{1,2}(\/|$|\?)|\/\/.*\/\//.test(text);
}

/** One case, compatibility form without accents, nothing invisible, single spaces. */
export function fold(text: string): string {
  const visible = text.replace(INVISIBLE_ALL, (char) => (/\s/.test(char) ? ' ' : ''));
  const letters = visible.normalize('NFKD').replace(/\p{M}/gu, '');
  return letters.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').replace(/\s+/g, ' ').trim();
}

export function textsOf(text: string): string[] {
  return decodings(fold(text));
}

export function pathsOf(text: string): string[] {
  return textsOf(text).map(resolvePath);
}

export function urlsOf(text: string): string[] {
  return textsOf(text).flatMap((one) => [one, ...resolveUrl(one)]);
}

/** Every simple command in the line, also behind others, in substitutions and behind programs that run programs. */
export function commandsOf(text: string): string[] {
  const found: string[] = [];
  const lines = text.replace(/\\\r?\n/g, '').replace(/[\r\n]+/g, ';');
  for (const part of fold(lines).split(/[;&|(){}`<>]+/)) {
    const words = part.replace(/\\(.)/g, '$1').replace(/["']/g, '').trim().split(' ');
    for (let from = 0; from < words.length; from++) {
      const word = (words[from] ?? '').split('/').at(-1) ?? '';
      const command = [word, ...words.slice(from + 1)].join(' ').trim();
      if (command !== '') found.push(command);
      if (!isPassing(word)) break;
    }
  }
  // A program may also come to a shell by its input; that cannot be seen here.
  return /\|\s*(\S*\/)?(sh|bash|zsh|dash|ksh|ash|fish|python\d?|node|perl|ruby)\b|\beval\b/.test(fold(lines))
    ? [...found, '$']
    : found;
}

/** Whether what follows the word may be a command of its own. */
function isPassing(word: string): boolean {
  return WRAPPERS.has(word) || /^[a-z_]\w*=|^[-+]|^[\d.]+[smhd]?$/.test(word);
}

/** With percent escapes undone, as often as something undoes them. */
function decodings(text: string): string[] {
  const found = [text];
  for (let at = text; found.length < 4; ) {
    const next = at.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === at) break;
    found.push(fold(next));
    at = next;
  }
  return found;
}

/** As a file system would take it; what leads above the root stays visible as "..". */
function resolvePath(text: string): string {
  const parts: string[] = [];
  for (const part of text.replace(/\\/g, '/').replace(/["']/g, '').split('/')) {
    const name = part.trim().replace(/(?<=[^.])[. ]+$/, '');
    if (name === '' || name === '.') continue;
    if (name === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(name);
  }
  return parts.join('/');
}

function resolveUrl(text: string): string[] {
  const rest = text.replace(/^[a-z][a-z0-9+.-]*:/, '').replace(/^[/\\]+/, '');
  const [authority = '', ...path] = rest.split(/[/\\]/);
  const host = (authority.split('@').at(-1) ?? '').replace(/\.(?=:|$)/, '').replace(/:(80|443)$/, '');
  const tail = path.length > 0 ? `/${resolvePath(path.join('/'))}` : '';
  return ['https://', 'http://', ''].map((scheme) => scheme + host + tail);
}
