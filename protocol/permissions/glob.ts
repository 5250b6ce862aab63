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
 * @param stop characters a single star stops at besides.
 */
export function matchGlob(pattern: string, text: string, segmented: boolean, stop?: RegExp): Fit {
  const tokens = compile(pattern);
  // What may stand next in the pattern, after each character of the text.
  let states = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  states[0] = 1;
  let alive = passStars(tokens, states);
  for (const char of text) {
    if (!alive) break;
    const stops = (segmented && char === '/') || stop?.test(char) === true;
    next.fill(0);
    for (let at = 0; at < tokens.length; at++) {
      if (states[at] === 0) continue;
      const token = tokens[at] as Token;
      if ('char' in token) {
        if (token.char === char) next[at + 1] = 1;
      } else if (token.star === 'all' || !stops) next[at] = 1;
    }
    [states, next] = [next, states];
    alive = passStars(tokens, states);
  }
  return { full: states[tokens.length] === 1, open: alive };
}

/** A star may also stand for nothing. @returns whether anything may stand next. */
function passStars(tokens: Token[], states: Uint8Array): boolean {
  let alive = states[tokens.length] === 1;
  for (let at = 0; at < tokens.length; at++) {
    if (states[at] === 0) continue;
    alive = true;
    if ('star' in (tokens[at] as Token)) states[at + 1] = 1;
  }
  return alive;
}

function compile(pattern: string): Token[] {
  const known = compiled.get(pattern);
  if (known) return known;
  const tokens = (pattern.match(/\*+|[^*]/gu) ?? []).map(
    (part): Token => (part[0] === '*' ? { star: part.length > 1 ? 'all' : 'name' } : { char: part }),
  );
  if (compiled.size < 5_000) compiled.set(pattern, tokens);
  return tokens;
}
