import { type Client, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { HoldfastError } from '../protocol/failures';
import { QUERY, SIGNAL, WORKFLOW } from '../protocol/names';
import { quoted } from '../protocol/quoted';
import type { RegistryInput, Report } from '../protocol/registry/registry';
import { shardIdOf, shardIds, shardOf } from '../protocol/registry/shards';
import { askRun } from './ask-run';
import { checkPayload } from './checks';
import { toClientError } from './errors';
import { untilProcessed, update, updateFailure } from './updates';

/** The workflows that keep a registry: an agent is in one of them, what agents have in common is in all. */
export class RegistryParts {
  constructor(
    private readonly temporal: Client,
    private readonly options: { taskQueue: string; registry: string },
  ) {}

  /** Nobody waits for what comes of it. @throws HoldfastError `Server.*`. */
  async tell(agent: string, report: Report): Promise<void> {
    try {
      await this.temporal.workflow.signalWithStart(WORKFLOW.agentRegistry, {
        ...this.start(shardOf(agent)),
        signal: SIGNAL.report,
        signalArgs: [report],
      });
    } catch (error) {
      throw toClientError(error, this.idOf(shardOf(agent)));
    }
  }

  /** @throws HoldfastError `Registry.Unknown`, and what the registry says of it. */
  async change(agent: string, name: string, asked: object): Promise<void> {
    try {
      await update(this.temporal.workflow.getHandle(this.idOf(shardOf(agent))), name, asked);
    } catch (error) {
      if (HoldfastError.is(error) && error.code === 'Run.Unknown') throw unknownAgent(agent);
      throw error;
    }
  }

  /** Starts the part where it is not there. */
  async updateWithStart<Answer>(shard: number, name: string, asked: object): Promise<Answer> {
    checkPayload(asked);
    const ask = (): Promise<Answer> =>
      this.temporal.workflow.executeUpdateWithStart<(input: RegistryInput) => Promise<void>, Answer, [object]>(name, {
        args: [asked],
        startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOW.agentRegistry, {
          ...this.start(shard),
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      });
    try {
      return await untilProcessed(ask);
    } catch (error) {
      throw updateFailure(error, this.idOf(shard));
    }
  }

  private start(shard: number) {
    const { registry, taskQueue } = this.options;
    const args: [RegistryInput] = [{ registry, shard }];
    const staticSummary = `agents of ${registry}`;
    return { workflowId: this.idOf(shard), taskQueue, args, staticSummary };
  }

  async askAll<Answer>(query: string, asked: object, only?: number): Promise<Answer[]> {
    const shards = only === undefined ? [...shardIds(this.options.registry).keys()] : [only];
    const answers = await Promise.all(shards.map((shard) => this.ask<Answer>(shard, query, asked)));
    return answers.filter((answer) => answer !== null);
  }

  /** Null where nobody of this part was ever registered. */
  async ask<Answer>(shard: number, query: string, ...args: unknown[]): Promise<Answer | null> {
    const id = this.idOf(shard);
    try {
      return await askRun(() => this.temporal.workflow.getHandle(id).query<Answer, unknown[]>(query, ...args));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw toClientError(error, id);
    }
  }

  async exists(shard: number): Promise<boolean> {
    return (await this.ask<object>(shard, QUERY.queue, '')) !== null;
  }

  private idOf(shard: number): string {
    return shardIdOf(this.options.registry, shard);
  }
}

export function unknownAgent(agent: string): HoldfastError {
  return new HoldfastError('Registry.Unknown', `no agent ${quoted(agent)} is registered`, {
    hint: '`holdfast agent find` shows those there are.',
  });
}
