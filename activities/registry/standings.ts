import type { getClient } from '@temporalio/activity';
import { QUERY } from '../../protocol/names';
import type { StandingsPage } from '../../protocol/registry/registry';
import { shardIds } from '../../protocol/registry/shards';

export type Standings = StandingsPage['agents'];
type Client = ReturnType<typeof getClient>;

/** What was learned changes slowly; a plan that starts many nodes at once asks once. */
const FRESH_MS = 2_000;
/** A registry whose worker is away is not asked again so soon. */
const AWAY_MS = 30_000;
/** Whoever waits for a choice waits no longer for this. */
const ASK_MS = 1_000;
const KINDS_KEPT = 100;

interface Known {
  /** By the process's own clock, which is not set back. */
  until: number;
  standings: Promise<Standings>;
}

/** What a registry says of agents by kind of work, remembered for a moment. Without a registry nothing is known. */
export class StandingsCache {
  private readonly known = new Map<string, Known>();

  constructor(private readonly registry: string) {}

  /** Never fails: what cannot be asked is not known. */
  of(kind: string, client: Client): Promise<Standings> {
    const now = performance.now();
    const known = this.known.get(kind);
    if (known && known.until > now) return known.standings;
    const asked: Known = { until: now + ASK_MS + FRESH_MS, standings: Promise.resolve({}) };
    asked.standings = this.ask(kind, client).then(
      (standings) => {
        asked.until = performance.now() + FRESH_MS;
        return standings;
      },
      () => {
        asked.until = performance.now() + AWAY_MS;
        return {};
      },
    );
    this.known.delete(kind);
    this.known.set(kind, asked);
    const [oldest] = this.known.keys();
    if (this.known.size > KINDS_KEPT && oldest !== undefined) this.known.delete(oldest);
    return asked.standings;
  }

  /** Who is paused. Never fails. */
  async paused(client: Client): Promise<Set<string>> {
    const standings = await this.of('', client);
    return new Set(Object.keys(standings).filter((name) => standings[name]?.paused));
  }

  private async ask(kind: string, client: Client): Promise<Standings> {
    const now = Date.now();
    const pages = await Promise.all(shardIds(this.registry).map((id) => this.page(id, kind, now, client)));
    return Object.assign({}, ...pages.map(({ agents }) => agents)) as Standings;
  }

  /** A part that was never written to has nothing to say. */
  private async page(id: string, kind: string, now: number, client: Client): Promise<StandingsPage> {
    try {
      return await client.withDeadline(now + ASK_MS, () =>
        client.workflow.getHandle(id).query<StandingsPage, [string[], number]>(QUERY.standings, [kind], now),
      );
    } catch (error) {
      if ((error as Error)?.name === 'WorkflowNotFoundError') return { agents: {} };
      throw error;
    }
  }
}
