import { escapeText } from '../escape';
import type { Progress } from './progress';

export type Said = Extract<Progress, { type: 'text-delta' | 'text-dropped' | 'turn-finished' }>;

/** No terminal shows more than the end of this. */
const KEPT_CHARS = 4_000;

/** The end of what a model is saying, as it is shown while it lasts. */
export class PartialText {
  private turn = 0;
  private text = '';
  private reasoning = '';
  private calls: string[] = [];

  /** Whether there is anything else to show now. */
  take(said: Said): boolean {
    const { turn } = said;
    if (said.type !== 'text-delta') {
      if (turn < this.turn || !this.shows) return false;
      this.clear(turn);
      return true;
    }
    if (turn !== this.turn) this.clear(turn);
    if (said.kind === 'tool-call') this.calls.push(said.text);
    else this[said.kind] = (this[said.kind] + said.text).slice(-KEPT_CHARS);
    return true;
  }

  /** The last lines of it, none wider than that many columns, with nothing in them that acts on a terminal. */
  lines(columns: number, most: number): string[] {
    if (!this.shows || most < 1) return [];
    const thought = this.text === '' && this.reasoning !== '';
    const text = thought ? this.reasoning : this.text;
    const calls = this.calls.map((name) => `→ ${name}`).join('\n');
    const shown = [text.trimEnd(), calls].filter((part) => part !== '').join('\n');
    return escapeText(shown)
      .replaceAll('\t', '  ')
      .split('\n')
      .flatMap((line) => wrapped(line, Math.max(columns, 2)))
      .slice(-most);
  }

  private get shows(): boolean {
    return this.text !== '' || this.reasoning !== '' || this.calls.length > 0;
  }

  private clear(turn: number): void {
    this.turn = turn;
    this.text = '';
    this.reasoning = '';
    this.calls = [];
  }
}

function wrapped(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = '';
  let width = 0;
  for (const character of line) {
    const wide = widthOf(character);
    if (width + wide > columns) {
      lines.push(current);
      current = '';
      width = 0;
    }
    current += character;
    width += wide;
  }
  return [...lines, current];
}

/** Columns a character takes at most: a line that is too short does no harm, one that is too long breaks the redrawing. */
function widthOf(character: string): number {
  return (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
}
