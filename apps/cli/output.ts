import { safeJson } from './escape';
import { type Style, styleFor } from './style';

/** Where text goes; the part of a stream that is used. */
export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  stdout?: Sink;
  stderr?: Sink;
  env?: NodeJS.ProcessEnv;
}

/** Data goes to stdout, everything else to stderr; with `--json` stdout holds JSON and nothing else. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** For stdout. */
  readonly style: Style;
  /** For stderr. */
  readonly note: Style;
  /** Whether a status line may be redrawn in place. */
  readonly live: boolean;
  /** Called before anything is written beside the data: a status line makes room. */
  beforeNote: () => void = () => undefined;

  constructor(options: OutputOptions = {}) {
    const { json = false, quiet = false, verbose = false, stdout = process.stdout, stderr = process.stderr } = options;
    const env = options.env ?? process.env;
    this.json = json;
    this.quiet = quiet;
    this.verbose = verbose;
    this.stdout = stdout;
    this.stderr = stderr;
    this.style = styleFor(stdout, env);
    this.note = styleFor(stderr, env);
    this.live = stderr.isTTY === true && !env.CI && env.TERM !== 'dumb' && !quiet;
  }

  /** What the command was asked for: a JSON document, or text for people. */
  data(value: unknown, text: () => string): void {
    this.beforeNote();
    this.stdout.write(`${this.json ? safeJson(value, 2) : text()}\n`);
  }

  /** One line of a JSON stream. */
  jsonLine(value: unknown): void {
    this.stdout.write(`${safeJson(value)}\n`);
  }

  /** For people beside the data. */
  say(text = ''): void {
    if (!this.quiet) this.log(`${text}\n`);
  }

  /** What was reached how long after the process started; with `--verbose`. */
  phase(text: string): void {
    if (this.verbose) this.log(`${this.note.dim(`[${Math.round(performance.now())} ms] ${text}`)}\n`);
  }

  /** Whole lines beside the data, whatever `--quiet` says. */
  log(text: string): void {
    this.beforeNote();
    this.stderr.write(text);
  }
}
