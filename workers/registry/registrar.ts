import { Client } from '@temporalio/client';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import type { ActivityServices } from '../../activities/services';
import type { RegistrySinks } from '../../protocol/registry/reports';
import type { Outcome } from '../../protocol/registry/standing';
import { entriesOf } from './entries';
import { RegistryLink } from './link';
import { OutcomeReporter } from './outcome-reporter';

/** Runs that are over sooner never come to it: a worker of one run need not be known to anybody. */
const FIRST_MS = 2_000;
/** After this the registry is asked again whether it knows; doubled each time it cannot be reached. */
const AGAIN_MS = 10_000;
const MOST_MS = 10 * 60_000;
/** What has not been told when the worker ends may take this long. */
const LAST_MS = 2_000;

/** One worker's dealings with the registry of agents: in the background, and without it the worker does all its work. */
export class Registrar {
  private timer: NodeJS.Timeout | undefined;
  private readonly link: RegistryLink;
  readonly reporter: OutcomeReporter;

  constructor(
    private readonly services: ActivityServices,
    at: { connection: NativeConnection; namespace: string; taskQueue: string; registry: string; by: string },
    private readonly firstMs = FIRST_MS,
  ) {
    const { connection, namespace, ...rest } = at;
    this.link = new RegistryLink(new Client({ connection, namespace, identity: at.by }), rest);
    this.reporter = new OutcomeReporter(this.link);
  }

  start(): void {
    this.plan(this.firstMs, AGAIN_MS);
  }

  /** The agents have changed. */
  changed(): void {
    if (this.timer) this.plan(0, AGAIN_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_MS).unref());
    await Promise.race([this.reporter.flush(), late]);
  }

  private plan(inMs: number, againMs: number): void {
    clearTimeout(this.timer);
    const timer = setTimeout(() => {
      this.link.serve(entriesOf(this.services.catalogue)).catch(() => {
        // Somebody has planned another time meanwhile, or it is over.
        if (this.timer === timer) this.plan(againMs, Math.min(againMs * 2, MOST_MS));
      });
    }, inMs).unref();
    this.timer = timer;
  }
}

/** Where plans tell how their nodes go; without a registry nobody listens. */
export function registrySinks(reporter: () => OutcomeReporter | undefined): NonNullable<WorkerOptions['sinks']> {
  const sinks: Record<keyof RegistrySinks['holdfastRegistry'], NonNullable<WorkerOptions['sinks']>[string][string]> = {
    began: { fn: (_info, id: string, agent: string) => reporter()?.began(id, agent), callDuringReplay: false },
    ended: {
      fn: (_info, id: string, agent: string, outcome: Outcome | null) => reporter()?.ended(id, agent, outcome),
      callDuringReplay: false,
    },
  };
  return { holdfastRegistry: sinks };
}
