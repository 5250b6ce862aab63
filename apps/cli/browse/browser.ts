import type { Style } from '../style';

/** One line of a page. */
export interface Item {
  /** Safe to print: nothing in it acts on a terminal. */
  line: string;
  /** What a search looks into besides the line. */
  sought?: string;
  open?(): Promise<Page>;
}

export interface Page {
  title: string;
  items: readonly Item[];
  /** Reads it anew. */
  reload?(): Promise<Page>;
}

export interface Key {
  name?: string | undefined;
  ctrl?: boolean | undefined;
  /** What the key types, where it types something. */
  sequence?: string | undefined;
}

interface Level {
  page: Page;
  at: number;
  filter: string;
}

const KEYS = '↑↓ PgUp PgDn move · Enter open · Esc back · / search · r reload · q quit';
/** Lines that are not items: title, and what the keys do. */
const FRAME = 2;

/** Pages of lines, one opened out of the other: what keys do and what is shown, without a terminal. */
export class Browser {
  private readonly levels: Level[];
  private typing = false;
  private problem = '';
  private height = 20;

  constructor(first: Page) {
    this.levels = [{ page: first, at: 0, filter: '' }];
  }

  /** @returns false when the reader has had enough. */
  async press(key: Key): Promise<boolean> {
    this.problem = '';
    if (key.ctrl && key.name === 'c') return false;
    if (this.typing) {
      this.type(key);
      return true;
    }
    switch (key.name) {
      case 'q':
        return false;
      case 'return':
      case 'enter':
      case 'right':
        await this.open();
        return true;
      case 'escape':
      case 'left':
      case 'backspace':
        return this.back();
      case 'r':
        await this.reload();
        return true;
    }
    if (key.sequence === '/') this.typing = true;
    else this.move(key);
    return true;
  }

  /** What is on the screen, one string a row. */
  lines(rows: number, columns: number, style: Style): string[] {
    this.height = Math.max(1, rows - FRAME);
    const { page, at, filter } = this.top;
    const shown = this.shown();
    const first = Math.max(0, Math.min(at - Math.floor(this.height / 2), shown.length - this.height));
    const where = shown.length === 0 ? 'nothing' : `${at + 1} of ${shown.length}`;
    const sought = this.typing || filter !== '' ? ` · /${filter}${this.typing ? '_' : ''}` : '';
    const body = shown.slice(first, first + this.height).map(({ line }, index) => {
      const text = cut(`${first + index === at ? '> ' : '  '}${line}`, columns);
      return first + index === at ? style.bold(text) : text;
    });
    const empty = Array.from({ length: this.height - body.length }, () => '');
    const foot = this.problem === '' ? style.dim(cut(KEYS, columns)) : style.red(cut(this.problem, columns));
    return [style.bold(cut(`${page.title} · ${where}${sought}`, columns)), ...body, ...empty, foot];
  }

  private get top(): Level {
    return this.levels.at(-1) as Level;
  }

  private shown(): readonly Item[] {
    const { page, filter } = this.top;
    if (filter === '') return page.items;
    const sought = filter.toLowerCase();
    return page.items.filter((item) => `${item.line}\n${item.sought ?? ''}`.toLowerCase().includes(sought));
  }

  private type({ name, sequence = '' }: Key): void {
    const { top } = this;
    if (name === 'return' || name === 'enter') this.typing = false;
    else if (name === 'escape') {
      this.typing = false;
      top.filter = '';
    } else if (name === 'backspace') top.filter = [...top.filter].slice(0, -1).join('');
    else if (!/\p{Cc}/u.test(sequence)) top.filter += sequence;
    top.at = 0;
  }

  private move({ name }: Key): void {
    const { top, height } = this;
    const last = Math.max(0, this.shown().length - 1);
    const steps: Record<string, number> = { up: -1, k: -1, down: 1, j: 1, pageup: -height, pagedown: height };
    const to = name === 'home' ? 0 : name === 'end' ? last : top.at + (steps[name ?? ''] ?? 0);
    top.at = Math.min(Math.max(to, 0), last);
  }

  private async open(): Promise<void> {
    const item = this.shown()[this.top.at];
    if (!item?.open) return;
    const page = await this.attempt(() => item.open?.());
    if (page) this.levels.push({ page, at: 0, filter: '' });
  }

  private back(): boolean {
    if (this.top.filter !== '') {
      this.top.filter = '';
      return true;
    }
    if (this.levels.length === 1) return false;
    this.levels.pop();
    return true;
  }

  private async reload(): Promise<void> {
    const { top } = this;
    top.page = (await this.attempt(() => top.page.reload?.())) ?? top.page;
    this.move({});
  }

  /** A page that cannot be had ends nothing: the reader is told. */
  private async attempt(read: () => Promise<Page> | undefined): Promise<Page | undefined> {
    try {
      return await read();
    } catch (error) {
      this.problem = (error as Error).message.split('\n', 1)[0] ?? 'it could not be read';
      return undefined;
    }
  }
}

function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
