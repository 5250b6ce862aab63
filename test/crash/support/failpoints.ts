import { writeSync } from 'node:fs';
import type { Target } from './ipc';

/** Kinds of boundary, in the order in which one activity passes them. */
export const KINDS = [
  'activation-received',
  'commands-made',
  'commands-accepted',
  'activity-received',
  'activity-started',
  'transcript-loading',
  'transcript-loaded',
  'model-asking',
  'model-answered',
  'tool-starting',
  'tool-done',
  'artifact-putting',
  'artifact-put',
  'heartbeat',
  'activity-returned',
  'result-sending',
  'result-accepted',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Crossing {
  session: string;
  kind: Kind;
  key: string;
  /** Milliseconds since epoch. */
  at: number;
}

/**
 * The boundaries a process passes while it works on a session. Each has a key that is the same in every undisturbed run
 * (what it is about, and the how-many-eth time), because parallel calls make a mere number mean something else each time.
 */
export class Failpoints {
  private readonly passed = new Map<string, number>();
  private targets: Target[] = [];

  constructor(
    /** Without one nothing is counted, written or waited for. */
    private readonly log: number | undefined,
    private readonly killServer: (key: string) => Promise<void>,
  ) {}

  arm(targets: Target[]): void {
    this.targets = targets;
  }

  /** Passes a boundary, or does not. */
  async cross(session: string | undefined, kind: Kind, about: string): Promise<void> {
    const target = this.note(session, kind, about);
    if (target?.kill === 'server') await this.killServer(target.key);
  }

  /** For boundaries in synchronous code; a server's death is not waited for. */
  crossNow(session: string | undefined, kind: Kind, about: string): void {
    const target = this.note(session, kind, about);
    if (target?.kill === 'server') void this.killServer(target.key);
  }

  private note(session: string | undefined, kind: Kind, about: string): Target | undefined {
    if (session === undefined || this.log === undefined) return undefined;
    const label = `${kind} ${about}`;
    const count = (this.passed.get(`${session} ${label}`) ?? 0) + 1;
    this.passed.set(`${session} ${label}`, count);
    const key = `${label} #${count}`;
    const crossing: Crossing = { session, kind, key, at: Date.now() };
    // Synchronous: what is written here is known even when the next line kills us.
    writeSync(this.log, `${JSON.stringify(crossing)}\n`);
    const target = this.targets.find((one) => one.session === session && one.key === key);
    if (!target) return undefined;
    this.targets = this.targets.filter((one) => one !== target);
    if (target.kill === 'worker') die();
    return target;
  }
}

/** Nothing of this thread runs after it: no finally block, no buffered write. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}
