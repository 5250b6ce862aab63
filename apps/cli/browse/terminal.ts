import { emitKeypressEvents } from 'node:readline';
import type { Sink } from '../output';
import type { Style } from '../style';
import type { Browser, Key } from './browser';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

/** The part of a terminal's input that is used. */
export interface KeyInput extends NodeJS.ReadableStream {
  isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

/** Shows a browser on a screen of its own until the reader leaves; the terminal is then as it was. */
export async function browseOn(browser: Browser, screen: Sink, input: KeyInput, style: Style): Promise<void> {
  const draw = (): void => {
    const rows = browser.lines(screen.rows ?? 24, screen.columns ?? 80, style);
    screen.write(`\u001b[H${rows.map((row) => `${row}\u001b[K`).join('\r\n')}\u001b[J`);
  };
  const resized = process.stdout;
  emitKeypressEvents(input);
  input.setRawMode?.(true);
  screen.write(ENTER);
  resized.on('resize', draw);
  try {
    draw();
    for await (const key of keysOf(input)) {
      if (!(await browser.press(key))) return;
      draw();
    }
  } finally {
    resized.off('resize', draw);
    screen.write(LEAVE);
    input.setRawMode?.(false);
    input.pause();
  }
}

/** Keys one after the other: those pressed while a page is read wait. */
async function* keysOf(input: KeyInput): AsyncGenerator<Key> {
  const waiting: Key[] = [];
  let over = false;
  let wake: () => void = () => undefined;
  const pressed = (_text: string | undefined, key: Key): void => {
    waiting.push(key);
    wake();
  };
  const ended = (): void => {
    over = true;
    wake();
  };
  input.on('keypress', pressed).on('end', ended);
  input.resume();
  try {
    for (;;) {
      const key = waiting.shift();
      if (key) yield key;
      else if (over) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    input.off('keypress', pressed).off('end', ended);
  }
}
