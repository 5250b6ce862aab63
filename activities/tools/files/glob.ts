const MAX_PATTERN = 500;
const MAX_ALTERNATIVES = 64;

/** Whether a path fits. */
export type PathFilter = (path: string) => boolean;

/**
 * A filter of paths: `*` and `?` within a name, `**` over folders, `{a,b}` alternatives. A pattern without `/` is tried on
 * the last name of a path. Everything else is literal. Takes time of pattern × path at most: no backtracking to exploit.
 * @throws Error for a pattern that is too long or has too many alternatives.
 */
export function globFilter(pattern: string): PathFilter {
  if (pattern.length > MAX_PATTERN) throw new Error(`the pattern is longer than ${MAX_PATTERN} characters`);
  const alternatives = expandBraces(pattern).map((text) =>
    text.includes('/') ? text.split('/').filter((name) => name !== '' && name !== '.') : ['**', text],
  );
  return (path) => {
    const names = path.split('/');
    return alternatives.some((alternative) => matchesNames(alternative, names));
  };
}

/** `a{b,c}d` → `abd`, `acd`; also nested. */
function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const match = /\{([^{}]*)\}/.exec(text);
    if (!match) done.push(text);
    else {
      const [before, after] = [text.slice(0, match.index), text.slice(match.index + match[0].length)];
      open.push(...(match[1] ?? '').split(',').map((choice) => before + choice + after));
    }
    if (done.length + open.length > MAX_ALTERNATIVES) {
      throw new Error(`the pattern has more than ${MAX_ALTERNATIVES} alternatives`);
    }
  }
  return done;
}

function matchesNames(pattern: string[], names: string[]): boolean {
  return matchesWithStar(pattern, names, '**', matchesName);
}

function matchesName(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  return matchesWithStar([...pattern], [...name], '*', (wanted, found) => wanted === '?' || wanted === found);
}

/** Greedy with one point to come back to, which is all that one kind of star needs. */
function matchesWithStar(
  pattern: string[],
  items: string[],
  star: string,
  same: (wanted: string, found: string) => boolean,
): boolean {
  let [p, i, starAt, resume] = [0, 0, -1, 0];
  while (i < items.length) {
    const wanted = pattern[p];
    if (wanted === star) {
      starAt = p++;
      resume = i;
    } else if (wanted !== undefined && same(wanted, items[i] as string)) {
      p++;
      i++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      i = ++resume;
    } else return false;
  }
  while (pattern[p] === star) p++;
  return p === pattern.length;
}
