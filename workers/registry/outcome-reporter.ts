import type { Report } from '../../protocol/registry/registry';
import { shardOf } from '../../protocol/registry/shards';
import type { Outcome } from '../../protocol/registry/standing';

export interface ReportTarget {
  report(shard: number, report: Report): Promise<unknown>;
}

/** How long reports are gathered: one signal says what happened meanwhile. */
const GATHER_MS = 1_000;
/** Outcomes of one signal. */
const OUTCOMES_A_REPORT = 500;
/** Reports that could not be sent yet; what is more is forgotten, the oldest first. */
const MOST_WAITING = 5_000;
/** Attempts that are known to have been told: a workflow task that is repeated tells again. */
const KNOWN = 10_000;

interface Word {
  agent: string;
  what: 'began' | 'ended';
  outcome?: Outcome;
}

/** Gathers what plans say of their nodes and tells the registry. Best effort: it holds nothing up, and forgets rather than grows. */
export class OutcomeReporter {
  private waiting: Word[] = [];
  private readonly known = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly target: ReportTarget,
    private readonly gatherMs = GATHER_MS,
  ) {}

  began(id: string, agent: string): void {
    if (this.isNew(`+${id}`)) this.add({ agent, what: 'began' });
  }

  ended(id: string, agent: string, outcome: Outcome | null): void {
    if (this.isNew(`-${id}`)) this.add({ agent, what: 'ended', ...(outcome && { outcome }) });
  }

  /** Sends what there is, once. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sending = this.sending.then(() => this.send());
    return this.sending;
  }

  private isNew(id: string): boolean {
    if (this.known.has(id)) return false;
    this.known.add(id);
    const [oldest] = this.known;
    if (this.known.size > KNOWN && oldest !== undefined) this.known.delete(oldest);
    return true;
  }

  private add(word: Word): void {
    this.waiting.push(word);
    if (this.waiting.length > MOST_WAITING) this.waiting.splice(0, this.waiting.length - MOST_WAITING);
    this.timer ??= setTimeout(() => void this.flush(), this.gatherMs).unref();
  }

  private async send(): Promise<void> {
    const words = this.waiting.splice(0);
    const shards = new Set(words.map(({ agent }) => shardOf(agent)));
    await Promise.all(
      [...shards].map(async (shard) => {
        const own = words.filter(({ agent }) => shardOf(agent) === shard);
        for (let at = 0; at < own.length; at += OUTCOMES_A_REPORT) {
          const piece = own.slice(at, at + OUTCOMES_A_REPORT);
          await this.target.report(shard, reportOf(piece)).catch(() => this.again(piece));
        }
      }),
    );
  }

  /** With whatever comes next; no timer of its own, so that a registry that is away is not asked over and over. */
  private again(words: Word[]): void {
    this.waiting = [...words, ...this.waiting].slice(-MOST_WAITING);
  }
}

function reportOf(words: readonly Word[]): Report {
  const report: Required<Report> = { began: {}, ended: {}, outcomes: [] };
  for (const { agent, what, outcome } of words) {
    report[what][agent] = (report[what][agent] ?? 0) + 1;
    if (outcome) report.outcomes.push(outcome);
  }
  return report;
}
