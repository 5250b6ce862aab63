import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { QUERY, SIGNAL, UPDATE, WORKFLOW } from '../../protocol/names';
import type { AgentEntry, Register, RegisteredCounts } from '../../protocol/registry/entry';
import type { QueueView, RegistryInput, Report } from '../../protocol/registry/registry';
import { servingDigest } from '../../protocol/registry/serving-digest';
import { byShard, SHARDS, shardIdOf } from '../../protocol/registry/shards';

/** A request that takes longer is given up: it is made again. */
const ASK_MS = 10_000;
const ENTRIES_A_REQUEST = 400;

/** A worker's way to the registry. */
export class RegistryLink {
  constructor(
    private readonly client: Client,
    private readonly at: { registry: string; taskQueue: string; by: string },
  ) {}

  /** Tells what the worker's task queue serves, where the registry does not know that already. @returns whether it did not. */
  async serve(entries: readonly AgentEntry[]): Promise<boolean> {
    const parts = byShard(entries, ({ name }) => name);
    let told = false;
    for (let shard = 0; shard < SHARDS; shard++) {
      const served = parts.get(shard) ?? [];
      const known = await this.known(shard);
      if (served.length === 0 && (known?.agents ?? 0) === 0) continue;
      if (known && known.digest === servingDigest(served)) continue;
      await this.register(shard, served);
      told = true;
    }
    return told;
  }

  report(shard: number, report: Report): Promise<unknown> {
    return this.client.withDeadline(Date.now() + ASK_MS, () =>
      this.client.workflow.signalWithStart(WORKFLOW.agentRegistry, {
        ...this.start(shard),
        signal: SIGNAL.report,
        signalArgs: [report],
      }),
    );
  }

  private async known(shard: number): Promise<QueueView | undefined> {
    const { registry, taskQueue } = this.at;
    const handle = this.client.workflow.getHandle(shardIdOf(registry, shard));
    try {
      return await this.client.withDeadline(Date.now() + ASK_MS, () =>
        handle.query<QueueView, [string]>(QUERY.queue, taskQueue),
      );
    } catch (error) {
      if ((error as Error)?.name === 'WorkflowNotFoundError') return undefined;
      throw error;
    }
  }

  private async register(shard: number, served: readonly AgentEntry[]): Promise<void> {
    const { taskQueue: queue, by } = this.at;
    const serves = served.map(({ name }) => name);
    for (let at = 0; at === 0 || at < served.length; at += ENTRIES_A_REQUEST) {
      const entries = served.slice(at, at + ENTRIES_A_REQUEST);
      const last = at + ENTRIES_A_REQUEST >= served.length;
      const asked: Register = { by, queue, entries, ...(last && { serves }) };
      const startWorkflowOperation = new WithStartWorkflowOperation(WORKFLOW.agentRegistry, {
        ...this.start(shard),
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
      await this.client.withDeadline(Date.now() + ASK_MS, () =>
        this.client.workflow.executeUpdateWithStart<
          (input: RegistryInput) => Promise<void>,
          RegisteredCounts,
          [Register]
        >(UPDATE.register, { args: [asked], startWorkflowOperation }),
      );
    }
  }

  private start(shard: number) {
    const { registry, taskQueue } = this.at;
    const args: [RegistryInput] = [{ registry, shard }];
    return { workflowId: shardIdOf(registry, shard), taskQueue, args, staticSummary: `agents of ${registry}` };
  }
}
