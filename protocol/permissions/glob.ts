/** A pattern with stars against a text, in time proportional to both: patterns meet text an attacker wrote. */

type Token = { char: string } | { star: 'name' | 'all' };

/** `full`: the text matches. `open`: a longer text that begins with it could. */
export interface Fit {
  full: boolean;
  open: boolean;
}

const compiled = new Map<string, Token[]>();

/**
 * @param segmented whether a single star stops at "/".
 */
export function matchGlob(pattern: string, text: string, segmented: boolean): Fit {
  const tokens = compile(pattern, segmented);
  let states = closure(tokens, new Set([0]));
  for (const char of text) {
    const next = new Set<number>();
    for (const at of states) {
      const token = tokens[at];
      if (token === undefined) continue;
      if ('star' in token) {
        if (token.star === 'all' || char !== '/') next.add(at);
      } else if (token.char === char) {
        next.add(at + 1);
      }
    }
    states = closure(tokens, next);
    if (states.size === 0) return { full: false, open: false };
  }
  return { full: states.has(tokens.length), open: true };
}

/** A star may also stand for nothing. */
function closure(tokens: Token[], states: Set<number>): Set<number> {
  for (const at of states) {
    const token = tokens[at];
    if (token && 'star' in token) states.add(at + 1);
  }
  return states;
}

function compile(pattern: string, segmented: boolean): Token[] {
  const key = `${segmented ? '/' : '*'}${pattern}`;
  const known = compiled.get(key);
  if (known) return known;
  const tokens = (pattern.match(/\*+|[^*]/gu) ?? []).map(
    (part): Token => (part[0] === '*' ? { star: part.length > 1 || !segmented ? 'all' : 'name' } : { char: part }),
  );
  if (compiled.size < 5_000) compiled.set(key, tokens);
  return tokens;
}
