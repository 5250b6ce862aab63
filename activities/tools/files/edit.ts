import { HoldfastError } from '../../../protocol/failures';

export interface Edit {
  old: string;
  new: string;
  all: boolean;
}

/** Line numbers named in an error. */
const MAX_LINES_NAMED = 10;

/**
 * Makes edits one after the other, each on the text the one before left.
 * @throws HoldfastError `Tool.Failed` naming the edit whose text does not occur, occurs more than once, or stays the same.
 */
export function editText(text: string, edits: readonly Edit[]): { text: string; replaced: number } {
  let current = text;
  let replaced = 0;
  for (const [index, edit] of edits.entries()) {
    const places = placesOf(current, edit.old);
    check(current, edit, places, `edits[${index}]`);
    current = current.split(edit.old).join(edit.new);
    replaced += places.length;
  }
  return { text: current, replaced };
}

/** Where a text occurs, as `split` finds it: without overlaps. */
function placesOf(text: string, wanted: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) places.push(at);
  return places;
}

function check(text: string, edit: Edit, places: number[], name: string): void {
  if (edit.old === edit.new) throw problem(`${name}: "old" and "new" are the same`);
  if (places.length === 0) throw problem(`${name}: "old" does not occur in the file`, hintFor(text, edit.old));
  // Overlapping occurrences count: "aa" in "aaa" does not say which is meant.
  const ambiguous = places.length > 1 || text.indexOf(edit.old, (places[0] as number) + 1) !== -1;
  if (edit.all || !ambiguous) return;
  const lines = places.slice(0, MAX_LINES_NAMED).map((at) => lineAt(text, at));
  throw problem(
    `${name}: "old" occurs more than once (lines ${lines.join(', ')}${places.length > lines.length ? ', …' : ''})`,
    'Give more of the text around it, or set "all".',
  );
}

function hintFor(text: string, wanted: string): string {
  if (text.replaceAll('\r\n', '\n').includes(wanted))
    return 'The file ends its lines with \\r\\n; write them so in "old".';
  const squeezed = (value: string): string => value.replace(/\s+/g, ' ').trim();
  if (squeezed(wanted) !== '' && squeezed(text).includes(squeezed(wanted))) {
    return 'It occurs with other white space; read the file and copy the text exactly.';
  }
  return 'Read the file again and copy the text exactly.';
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function problem(message: string, hint?: string): HoldfastError {
  return new HoldfastError('Tool.Failed', message, hint === undefined ? {} : { hint });
}
