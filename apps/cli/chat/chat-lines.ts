import { createInterface } from 'node:readline';
import type { Output } from '../output';

/** Lines as a person or a program gives them, one after the other. */
export interface ChatLines extends AsyncIterable<string> {
  /** A person at a terminal: prompt, commands, history. */
  readonly interactive: boolean;
  /** While an answer is worked on: commands are handed over at once, Ctrl-C interrupts; messages wait. */
  busy(onCommand: (line: string) => void, onInterrupt: () => void): void;
  idle(): void;
  close(): void;
}

const PROMPT = '> ';

export function readChatLines(out: Output, input: NodeJS.ReadStream = process.stdin): ChatLines {
  const interactive = input.isTTY === true && !out.json;
  const reader = createInterface({ input, ...(interactive && { output: process.stderr, prompt: PROMPT }) });
  const waiting: string[] = [];
  let closed = false;
  let wake: () => void = () => undefined;
  let onCommand: ((line: string) => void) | undefined;
  let onInterrupt: (() => void) | undefined;

  reader.on('line', (text) => {
    const line = text.trim();
    if (line === '') return void (interactive && !onCommand && reader.prompt());
    if (onCommand && interactive && line.startsWith('/')) return onCommand(line);
    waiting.push(line);
    wake();
  });
  reader.on('close', () => {
    closed = true;
    wake();
  });
  const interrupted = (): void => {
    if (onInterrupt) onInterrupt();
    else reader.close();
  };
  reader.on('SIGINT', interrupted);
  // Without a terminal the signal comes to the process.
  process.on('SIGINT', interrupted);

  async function* lines(): AsyncGenerator<string> {
    for (;;) {
      const line = waiting.shift();
      if (line !== undefined) yield line;
      else if (closed) return;
      else {
        if (interactive) reader.prompt();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    interactive,
    [Symbol.asyncIterator]: lines,
    busy(command, interrupt) {
      onCommand = command;
      onInterrupt = interrupt;
    },
    idle() {
      onCommand = undefined;
      onInterrupt = undefined;
    },
    close() {
      process.off('SIGINT', interrupted);
      reader.close();
    },
  };
}
