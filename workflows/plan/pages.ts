/** A text in pieces of at most so many characters. None begins or ends within a character, which would be lost when it is stored. */
export function pagesOf(text: string, chars: number): string[] {
  const pages: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + chars;
    const cut = isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
    pages.push(text.slice(at, cut));
    at = cut;
  }
  return pages;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
