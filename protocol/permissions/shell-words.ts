/**
 * The simple commands in a shell line, also those in substitutions, in groups and in quoted text. Wherever a shell would put
 * something that is not in the text, `UNKNOWN` stands; what cannot be read at all is one command of `UNKNOWN`.
 */

/** No letter of any argument that was made readable. */
export const UNKNOWN = '\u0000';

const MAX_DEPTH = 6;
const BLANK = /[^\S\n]/;

/** Words of one simple command, quotes and escapes undone. */
export type Words = string[];

export function shellWords(line: string): Words[] {
  const reader = new Reader();
  reader.line(line, 0);
  return reader.commands;
}

class Reader {
  readonly commands: Words[] = [];

  line(text: string, depth: number): void {
    if (depth > MAX_DEPTH) this.commands.push([UNKNOWN]);
    else new Line(text, depth, this).commands(depth);
  }
}

class Line {
  private at = 0;
  /** What closes the substitution that is being read; '' outside of one. */
  private end = '';

  constructor(
    private readonly text: string,
    private readonly depth: number,
    private readonly reader: Reader,
  ) {}

  commands(depth: number): void {
    const { end } = this;
    if (depth > MAX_DEPTH) {
      this.unreadable();
      this.at = this.text.length;
    }
    let words: Words = [];
    const next = (): void => {
      if (words.length > 0) this.reader.commands.push(words);
      words = [];
    };
    while (this.at < this.text.length) {
      const char = this.text[this.at] as string;
      if (char === end) break;
      if (BLANK.test(char)) this.at++;
      else if (char === '#') this.at = endOfLine(this.text, this.at);
      else if (char === '<' || char === '>') this.redirection(depth);
      else if (/[;&|\n)]/.test(char)) {
        this.at++;
        next();
      } else if (char === '(') {
        next();
        this.nested(')', depth);
      } else words.push(this.word(depth));
    }
    next();
    if (end !== '' && this.at >= this.text.length) this.unreadable();
  }

  /** Where it leads to is no part of the command. */
  private redirection(depth: number): void {
    const [operator] = /^(<<<|<<-?|[<>]\(|<>|<&|>&|>>|>\||<|>)/.exec(this.text.slice(this.at, this.at + 3)) ?? ['<'];
    this.at += operator.length;
    // What follows may be any text, in which quotes mean nothing.
    if (operator === '<<' || operator === '<<-') this.unreadable();
    if (operator.endsWith('(')) {
      this.at--;
      this.nested(')', depth);
      return;
    }
    while (BLANK.test(this.text[this.at] ?? '')) this.at++;
    this.word(depth);
  }

  private word(depth: number): string {
    let word = '';
    while (this.at < this.text.length) {
      const char = this.text[this.at] as string;
      if (/[\s;&|()<>]/.test(char) || char === this.end) break;
      if (char === "'") word += this.single();
      else if (char === '"') word += this.double(depth);
      else if (char === '\\') word += this.escaped();
      else if (char === '$' || char === '`') word += this.expansion(depth);
      else {
        // A shell replaces these by names of files, and braces by several words. A lone brace is a group.
        const alone = char === '{' && /^[\s]?$/.test(this.text[this.at + 1] ?? '');
        word += /[*?[{~]/.test(char) && !alone ? UNKNOWN : char;
        this.at++;
      }
    }
    // The number of what is redirected.
    return /^\d+$/.test(word) && /[<>]/.test(this.text[this.at] ?? '') ? '' : word;
  }

  private escaped(): string {
    const char = this.text[this.at + 1] ?? '';
    this.at += 2;
    return char === '\n' ? '' : char;
  }

  /** In double quotes a backslash stays before most characters. */
  private escapedWithin(): string {
    const escapes = /[$`"\\\n]/.test(this.text[this.at + 1] ?? '');
    return (escapes ? '' : '\\') + this.escaped();
  }

  private single(): string {
    const close = this.text.indexOf("'", this.at + 1);
    const content = this.text.slice(this.at + 1, close < 0 ? undefined : close);
    if (close < 0) this.unreadable();
    this.at = close < 0 ? this.text.length : close + 1;
    return this.alsoAsLine(content);
  }

  private double(depth: number): string {
    this.at++;
    let content = '';
    while (this.at < this.text.length && this.text[this.at] !== '"') {
      const char = this.text[this.at] as string;
      if (char === '\\') content += this.escapedWithin();
      else if (char === '$' || char === '`') content += this.expansion(depth);
      else {
        content += char;
        this.at++;
      }
    }
    if (this.at >= this.text.length) this.unreadable();
    this.at++;
    return this.alsoAsLine(content);
  }

  /** The commands in it are found, what they give is not known. */
  private expansion(depth: number): string {
    if (this.text[this.at] === '`') this.nested('`', depth);
    else if (this.text[this.at + 1] === '(') {
      this.at++;
      this.nested(')', depth);
    } else if (this.text[this.at + 1] === "'") {
      this.at += 2;
      while (this.at < this.text.length && this.text[this.at] !== "'") this.at += this.text[this.at] === '\\' ? 2 : 1;
      this.at++;
    } else if (this.text[this.at + 1] === '{') {
      const close = this.text.indexOf('}', this.at);
      if (close < 0 || /[`'"(\\]/.test(this.text.slice(this.at, close))) this.unreadable();
      this.at = close < 0 ? this.text.length : close + 1;
    } else this.at++;
    return UNKNOWN;
  }

  private nested(end: string, depth: number): void {
    const { end: outer } = this;
    this.at++;
    this.end = end;
    this.commands(depth + 1);
    this.end = outer;
    this.at++;
  }

  /** Something may run it: a shell with -c, an interpreter, a program on another machine. */
  private alsoAsLine(content: string): string {
    if (/[\s;&|`$()]/.test(content)) this.reader.line(content, this.depth + 1);
    return content;
  }

  private unreadable(): void {
    this.reader.commands.push([UNKNOWN]);
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
