/**
 * Figures of a text, counted while it is read piece by piece. Plain data in and out: a count that is not finished travels in
 * the notes.
 *
 * - lines: line feeds, plus one for a last line without; CRLF is one line end, a lone CR none.
 * - words: runs of characters that are not white space.
 * - headings, code blocks: Markdown files only; ATX headings (`#`) outside fences, and fences that were opened.
 * - marks: TODO, FIXME, XXX, HACK as whole words in capitals.
 * - links: targets of Markdown links and images, and bare http(s) addresses.
 *
 * Words of 8,000 characters and more are data; they count as words, and no marks and links are looked for in them.
 */
export interface TextFigures {
  lines: number;
  words: number;
  headings: number;
  codeBlocks: number;
  marks: number;
  links: number;
  /** The first heading's text. */
  title?: string;
  /** The first paragraph, or of other files the first line that is not empty; cut to 160 characters. */
  opening?: string;
}

/** A count under way. */
export interface Reading {
  markdown: boolean;
  figures: TextFigures;
  /** The unfinished last line. */
  rest: string;
  /** Whether a part of the unfinished line is counted already. */
  midLine: boolean;
  /** Whether the text goes on inside a word so long that it was counted already. */
  midWord: boolean;
  /** The open fence; absent outside of code. */
  fence?: string;
  opening: 'before' | 'inside' | 'done';
}

/** Characters of an unfinished line that are carried over; a longer one is counted in parts. Words this long are data. */
const MAX_REST = 8_000;
const DATA = new RegExp(`\\S{${MAX_REST},}`, 'g');
const MAX_OPENING = 160;
const MAX_TITLE = 100;

const WORD = /\S+/g;
const MARK = /(?<![\p{L}\p{N}_])(?:TODO|FIXME|XXX|HACK)(?![\p{L}\p{N}_])/gu;
const LINK = /\]\([^()\s]+|https?:\/\/[^\s<>()\]]+/g;
const HEADING = /^ {0,3}#{1,6}(?=[ \t]|$)/;
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;

function isMarkdown(path: string): boolean {
  return /\.(?:md|mdx|markdown)$/i.test(path);
}

export function startReading(path: string): Reading {
  const figures = { lines: 0, words: 0, headings: 0, codeBlocks: 0, marks: 0, links: 0 };
  return { markdown: isMarkdown(path), figures, rest: '', midLine: false, midWord: false, opening: 'before' };
}

/** Counts the next piece of a text. Changes nothing given. */
export function readOn(before: Reading, text: string): Reading {
  const reading = { ...before, figures: { ...before.figures } };
  const news = reading.midWord ? text.replace(/^\S+/, '') : text;
  if (news === '') return reading;
  reading.midWord = false;
  const lines = (reading.rest + news).split('\n');
  reading.rest = lines.pop() ?? '';
  for (const line of lines) {
    countSegment(reading, line);
    reading.figures.lines++;
    reading.midLine = false;
  }
  if (reading.rest.length > MAX_REST) countLongLine(reading);
  return reading;
}

/** The figures once the text has ended. */
export function endReading(before: Reading): TextFigures {
  const reading = { ...before, figures: { ...before.figures } };
  if (reading.rest !== '' || reading.midLine) {
    countSegment(reading, reading.rest);
    reading.figures.lines++;
  }
  return reading.figures;
}

/** Counts all of an endless line but its last word, which may go on; a last word that is data is counted too. */
function countLongLine(reading: Reading): void {
  const lastWord = /\S*$/.exec(reading.rest.slice(-MAX_REST))?.[0].length ?? 0;
  reading.midWord = lastWord === MAX_REST;
  const end = reading.rest.length - (reading.midWord ? 0 : lastWord);
  countSegment(reading, reading.rest.slice(0, end), reading.rest);
  reading.rest = reading.rest.slice(end);
  reading.midLine = true;
}

/** @param line the line as far as it is known; its start may say what it is. */
function countSegment(reading: Reading, segment: string, line = segment): void {
  const { figures } = reading;
  figures.words += segment.match(WORD)?.length ?? 0;
  const prose = segment.length < MAX_REST ? segment : segment.replace(DATA, ' ');
  figures.marks += prose.match(MARK)?.length ?? 0;
  figures.links += prose.match(LINK)?.length ?? 0;
  if (!reading.midLine) countLineStart(reading, line.slice(0, MAX_REST).replace(/\r$/, ''));
}

/** What only the start of a line can be: a heading, a fence, the opening's next line. */
function countLineStart(reading: Reading, line: string): void {
  const { figures } = reading;
  const kind = reading.markdown ? markdownKind(reading, line) : 'text';
  if (kind === 'heading') {
    figures.headings++;
    figures.title ??= cut(
      line
        .replace(HEADING, '')
        .replace(/[ \t]#+[ \t]*$/, '')
        .trim(),
      MAX_TITLE,
    );
  }
  if (kind === 'fence') figures.codeBlocks++;
  noteOpening(reading, kind === 'text' ? line.trim() : '');
}

function markdownKind(reading: Reading, line: string): 'heading' | 'fence' | 'code' | 'text' {
  if (reading.fence !== undefined) {
    if (closes(reading.fence, line)) delete reading.fence;
    return 'code';
  }
  const fence = FENCE.exec(line)?.[1];
  if (fence !== undefined) {
    reading.fence = fence;
    return 'fence';
  }
  return HEADING.test(line) ? 'heading' : 'text';
}

function closes(fence: string, line: string): boolean {
  const found = FENCE.exec(line)?.[1];
  return found !== undefined && found[0] === fence[0] && found.length >= fence.length && line.trim() === found;
}

function noteOpening(reading: Reading, text: string): void {
  if (reading.opening === 'done') return;
  if (text === '') {
    if (reading.opening === 'inside') reading.opening = 'done';
    return;
  }
  const { opening } = reading.figures;
  reading.figures.opening = cut(opening === undefined ? text : `${opening} ${text}`, MAX_OPENING);
  reading.opening = reading.markdown && reading.figures.opening.length < MAX_OPENING ? 'inside' : 'done';
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
