/** Characters of a stranger's text an error message repeats: enough to know it again. */
const SHOWN = 100;

/** A text as an error message shows it: in quotes, control characters written out, cut when it is long. */
export function quoted(text: string): string {
  const characters = [...text.slice(0, 2 * SHOWN + 2)];
  if (characters.length <= SHOWN) return JSON.stringify(text);
  return `${JSON.stringify(characters.slice(0, SHOWN).join(''))}… (${text.length} characters)`;
}
