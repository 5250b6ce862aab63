import type { ResolvedAgent } from '../protocol/agent';
import type { PermissionView } from '../protocol/permissions/view';
import type { TranscriptPage } from '../protocol/session';
import type { Variables } from '../protocol/variables';
import type { People } from './approvals/people';
import type { Catalogue } from './catalogue';
import type { CallStreams } from './model/call-streams';
import type { Notifier } from './notifiers/notifier';
import type { Prices } from './providers/prices';
import type { ModelProvider } from './providers/provider';
import type { Secrets } from './secrets/secrets';
import type { ArtifactStore } from './stores/artifact-store';
import type { ResultStore } from './stores/result-store';
import type { Tool } from './tools/define-tool';
import type { TranscriptCache } from './transcript-cache';

/** What the session's workflow answers when an activity asks it: queries, which write nothing to the history. */
export interface SessionSource {
  agent(runId: string): Promise<ResolvedAgent | null>;
  permissions(runId: string): Promise<PermissionView | null>;
  /** Undefined where the run is of an older version. */
  variables(runId: string): Promise<Variables | undefined>;
  transcript(runId: string, from: number, to: number): Promise<TranscriptPage | null>;
}

/** Everything the activities need, made once per worker. */
export interface ActivityServices {
  catalogue: Catalogue;
  /** The provider of a route `provider/model`, and the vendor's model name. Throws `Model.UnknownProvider`, `Model.MissingKey`. */
  providerFor(route: string): { provider: ModelProvider; model: string };
  prices: Prices;
  /** The tools themselves, by name. */
  tools: ReadonlyMap<string, Tool>;
  transcripts: TranscriptCache;
  artifacts: ArtifactStore;
  results: ResultStore;
  /** Folder for runs' workspaces. */
  home: string;
  secrets: Secrets;
  /** Who has which role; undefined where nobody said. */
  people: People | undefined;
  /** Decisions must be signed with it, where there is one. */
  approvalKey: string | undefined;
  /** Who is told of approvals, besides the log. */
  notifiers: readonly Notifier[];
  /** The registry of agents that the learned choice asks. */
  registry: string;
  /** Where text goes as it arrives from a model. */
  streams: CallStreams;
}
