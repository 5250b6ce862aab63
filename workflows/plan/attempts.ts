import { CancellationScope } from '@temporalio/workflow';
import type { Attempt, PlanInput } from '../../protocol/plan/state';
import { withAgent } from './node-agent';
import type { Begin, PlanDesk } from './plan-desk';
import { runNode } from './run-node';
import type { RunsElsewhere } from './runs-elsewhere';

/** What the plan around them does. */
interface Around {
  /** Something has happened. */
  wake(): void;
  /** An attempt is in other hands than before. */
  moved(): void;
  /** A bug. */
  broken(error: unknown): void;
}

/** Attempts at nodes that are made now, each in a scope of its own, so that it can be ended alone. */
export class Attempts {
  private readonly scopes = new Map<string, CancellationScope>();
  /** In this Temporal run. */
  begun = 0;

  constructor(
    private readonly elsewhere: RunsElsewhere,
    private readonly around: Around,
  ) {}

  get none(): boolean {
    return this.scopes.size === 0;
  }

  has(node: string): boolean {
    return this.scopes.has(node);
  }

  /** Whether each goes on by itself, and is found again by the next Temporal run. */
  carriable({ state: { nodes } }: PlanDesk): boolean {
    return [...this.scopes.keys()].every((id) => nodes[id]?.status === 'running' && nodes[id].attempt);
  }

  start(desk: PlanDesk, begin: Begin, input: PlanInput): void {
    const { id } = begin.node;
    const scope = new CancellationScope();
    this.scopes.set(id, scope);
    if (!begin.resumed) this.begun++;
    const told = {
      running: (run?: string) => desk.running(id, run, Date.now()),
      at: (attempt: Attempt | undefined) => {
        desk.at(id, attempt);
        this.around.moved();
      },
      elsewhere: (workflow: string) => this.elsewhere.result(workflow),
    };
    scope
      .run(() => withAgent(desk, begin, input, () => runNode(begin, input, told)))
      .then(
        (ending) => {
          // Where the whole plan is cancelled its end is not this node's.
          desk.ended(id, ending, Date.now());
        },
        (error) => this.around.broken(error),
      )
      .finally(() => {
        this.scopes.delete(id);
        this.around.wake();
      });
  }

  cancel(node: string): void {
    this.scopes.get(node)?.cancel();
  }

  cancelAll(): void {
    for (const scope of this.scopes.values()) scope.cancel();
  }
}
