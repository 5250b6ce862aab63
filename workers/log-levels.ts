import { HoldfastError } from '../protocol/failures';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LEVELS)[number];

/**
 * Which lines are written: a level for all, others for single modules (`core`, `worker`, `workflow`, `activity`, …) and for the calls of
 * single agents (`agent:NAME`), which come before those of modules.
 */
export class LevelRules {
  private base: LogLevel = 'info';
  private readonly modules = new Map<string, LogLevel>();
  private debugging = false;

  /**
   * @param text `info`, or `info,core=warn,activity=debug,agent:writer=debug`.
   * @throws HoldfastError `Config.Invalid`.
   */
  constructor(text: string) {
    for (const part of text.split(',').map((piece) => piece.trim())) {
      const [first = '', second] = part.split('=', 2);
      if (second === undefined) this.base = levelOf(first, text);
      else this.modules.set(first.trim(), levelOf(second, text));
    }
  }

  allow(module: string, level: LogLevel, agent?: unknown): boolean {
    if (this.debugging && rank(level) >= rank('debug')) return true;
    const ofAgent = agent === undefined ? undefined : this.modules.get(`agent:${agent}`);
    return rank(level) >= rank(ofAgent ?? this.modules.get(module) ?? this.base);
  }

  /** Debug lines of every module, or the rules as given. Returns whether they are on now. */
  toggleDebug(): boolean {
    this.debugging = !this.debugging;
    return this.debugging;
  }
}

function rank(level: LogLevel): number {
  return LEVELS.indexOf(level);
}

function levelOf(text: string, all: string): LogLevel {
  const known = LEVELS.find((level) => level === text.trim().toLowerCase());
  if (known) return known;
  throw new HoldfastError('Config.Invalid', `not a log level: ${JSON.stringify(text)} in ${JSON.stringify(all)}`, {
    hint: `Levels are ${LEVELS.join(', ')}; e.g. HOLDFAST_LOG=info,core=warn.`,
  });
}
