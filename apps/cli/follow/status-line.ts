import { duration } from '../figures';
import type { Output } from '../output';
import { PartialText, type Said } from './partial-text';
import type { Progress } from './progress';
import { totalsText } from './progress-lines';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;
const ERASE_LINE = '\r\u001b[2K';

export type Status = Extract<Progress, { type: 'status' }>;

/** Lines of a partial answer that are shown. */
const PARTIAL_LINES = 6;
const LINE_UP = '\u001b[1A';

/**
 * The bottom of a terminal, redrawn in place: the end of what the model is saying, and one line of status. On anything else only
 * the lines above it are written.
 */
export class StatusLine {
  private status: Status | undefined;
  private readonly partial = new PartialText();
  private shown = 0;
  private frame = 0;
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly out: Output,
    private readonly elapsed: () => number,
  ) {
    if (!out.live) return;
    out.beforeNote = () => this.erase();
    this.timer = setInterval(() => this.draw(), FRAME_MS);
    this.timer.unref();
  }

  update(status: Status): void {
    this.status = status;
  }

  /** What the model says; shown until its message, or another attempt, takes its place. */
  say(progress: Said): void {
    if (!this.partial.take(progress)) return;
    this.draw();
  }

  /** Lines that stay, above the status. */
  print(lines: readonly string[]): void {
    for (const line of lines) this.out.say(line);
    if (lines.length > 0) this.draw();
  }

  /** Makes room for somebody who is asked something, until the next update. */
  rest(): void {
    this.erase();
    this.status = undefined;
  }

  close(): void {
    clearInterval(this.timer);
    this.erase();
    this.status = undefined;
  }

  private draw(): void {
    if (!this.out.live || !this.status) return;
    const frame = FRAMES[this.frame++ % FRAMES.length] ?? '';
    const { columns = 80, rows = 24 } = this.out.stderr;
    const partial = this.partial.lines(columns - 3, Math.min(PARTIAL_LINES, rows - 2)).map((line) => `  ${line}`);
    const status = `${frame} ${statusText(this.status, this.elapsed())}`.slice(0, columns - 1);
    // In one write, so that nothing flickers.
    const lines = [...partial, status].map((line) => ERASE_LINE + this.out.note.dim(line));
    this.out.stderr.write(this.erasing() + lines.join('\n'));
    this.shown = lines.length;
  }

  private erase(): void {
    if (this.shown > 0) this.out.stderr.write(this.erasing());
    this.shown = 0;
  }

  /** What takes the lines away that are shown, from the last to the first. */
  private erasing(): string {
    return this.shown > 0 ? ERASE_LINE + (LINE_UP + ERASE_LINE).repeat(this.shown - 1) : '';
  }
}

/** `turn 4 · model · 12.0 s · 4.1k→320 tok · $0.0123` */
export function statusText({ phase, running, waitsFor, totals }: Status, elapsedMs: number): string {
  const turn = phase === 'model' || phase === 'starting' ? totals.turns + 1 : totals.turns;
  const busy = running.length > 0 ? [...new Set(running)].join(', ') : DOING[phase];
  const doing = running.length === 0 && waitsFor.length > 0 ? 'waiting for people' : busy;
  return `turn ${turn} · ${doing} · ${duration(elapsedMs)} · ${totalsText(totals)}`;
}

const DOING = {
  starting: 'starting',
  model: 'waiting for the model',
  tools: 'tools',
  waiting: 'waiting',
  'rolling-over': 'continuing as new',
  undoing: 'undoing what it did',
  ended: 'ending',
} as const;
