import { duration } from '../figures';
import type { Output } from '../output';
import type { Progress } from './progress';
import { totalsText } from './progress-lines';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;
const ERASE_LINE = '\r\u001b[2K';

export type Status = Extract<Progress, { type: 'status' }>;

/** One line at the bottom of a terminal, redrawn in place; on anything else only the lines above it are written. */
export class StatusLine {
  private status: Status | undefined;
  private shown = false;
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

  /** Lines that stay, above the status. */
  print(lines: readonly string[]): void {
    for (const line of lines) this.out.say(line);
    if (lines.length > 0) this.draw();
  }

  close(): void {
    clearInterval(this.timer);
    this.erase();
    this.status = undefined;
  }

  private draw(): void {
    if (!this.out.live || !this.status) return;
    const frame = FRAMES[this.frame++ % FRAMES.length] ?? '';
    const text = `${frame} ${statusText(this.status, this.elapsed())}`.slice(0, (this.out.stderr.columns ?? 80) - 1);
    this.out.stderr.write(ERASE_LINE + this.out.note.dim(text));
    this.shown = true;
  }

  private erase(): void {
    if (this.shown) this.out.stderr.write(ERASE_LINE);
    this.shown = false;
  }
}

/** `turn 4 · model · 12.0 s · 4.1k→320 tok · $0.0123` */
export function statusText({ phase, running, totals }: Status, elapsedMs: number): string {
  const turn = phase === 'model' || phase === 'starting' ? totals.turns + 1 : totals.turns;
  const doing = running.length > 0 ? [...new Set(running)].join(', ') : DOING[phase];
  return `turn ${turn} · ${doing} · ${duration(elapsedMs)} · ${totalsText(totals)}`;
}

const DOING = {
  starting: 'starting',
  model: 'waiting for the model',
  tools: 'tools',
  waiting: 'waiting',
  'rolling-over': 'continuing as new',
  ended: 'ending',
} as const;
