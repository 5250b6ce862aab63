/** Bytes as text, or why they are none. A byte order mark at the start is left out. */
export type Utf8 = { text: string } | { problem: string; hint: string };

const HINT = 'Save it as UTF-8, e.g. `iconv -f LATIN1 -t UTF-8 OLD > NEW`.';

/** Strict: nothing is replaced by `\uFFFD`, which would lose what was meant. */
export function utf8Of(bytes: Uint8Array): Utf8 {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { problem: 'is UTF-16, not UTF-8', hint: 'Save it as UTF-8, e.g. `iconv -f UTF-16 -t UTF-8 OLD > NEW`.' };
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    const hint = 'Give text. Files of other kinds go into a folder the agent may read (CLI: --in DIR).';
    return { problem: `is binary: NUL at ${placeOf(bytes, nul)}`, hint };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { problem: `is not UTF-8: ${placeOf(bytes, wholeUpTo(bytes))}`, hint: HINT };
  }
}

/** Bytes from the start that are UTF-8. */
function wholeUpTo(bytes: Uint8Array): number {
  let [whole, broken] = [0, bytes.length];
  while (whole < broken) {
    const middle = Math.ceil((whole + broken) / 2);
    if (isWhole(bytes.subarray(0, middle))) whole = middle;
    else broken = middle - 1;
  }
  return whole;
}

/** A character cut off at the end is no fault yet. */
function isWhole(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function placeOf(bytes: Uint8Array, at: number): string {
  let line = 1;
  for (let next = bytes.indexOf(10); next !== -1 && next < at; next = bytes.indexOf(10, next + 1)) line++;
  return `byte ${at + 1}, in line ${line}`;
}
