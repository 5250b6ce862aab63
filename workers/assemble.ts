import path from 'node:path';
import type { z } from 'zod';
import { createActivities } from '../activities';
import type { People } from '../activities/approvals/people';
import { Catalogue } from '../activities/catalogue';
import { CallStreams } from '../activities/model/call-streams';
import type { Notifier } from '../activities/notifiers/notifier';
import { createProviders, defaultModelRoute, isDefinition, type ProvidersConfig } from '../activities/providers';
import type { ProviderDefinition } from '../activities/providers/definition';
import { createPrices, type PriceOverrides } from '../activities/providers/prices';
import type { ModelProvider } from '../activities/providers/provider';
import { Secrets } from '../activities/secrets/secrets';
import type { ActivityServices } from '../activities/services';
import type { ArtifactStore } from '../activities/stores/artifact-store';
import { FileArtifactStore } from '../activities/stores/file-artifact-store';
import { FileResultStore } from '../activities/stores/result-store';
import { BUILTIN_TOOLS, expandToolNames, WORKFLOW_TOOLS } from '../activities/tools';
import type { Tool } from '../activities/tools/define-tool';
import type { Redactor } from '../activities/tools/redactor';
import { TranscriptCache } from '../activities/transcript-cache';
import type { AgentDefinition } from '../protocol/agent';
import { HoldfastError } from '../protocol/failures';
import { type Policy, policySchema } from '../protocol/permissions/policy';
import { PLANNER, plannerAgent } from '../protocol/plan/planner';
import { DEFAULT_REGISTRY } from '../protocol/registry/shards';
import { openStreams } from '../streams/open-streams';
import type { StreamBus } from '../streams/stream-bus';

export interface AssemblyOptions {
  agents?: readonly AgentDefinition[];
  /** Tools besides the built-in ones. */
  tools?: readonly Tool[];
  /** Providers besides, or instead of, the built-in ones of the same name: ready, or as `defineProvider` gives them. */
  providers?: readonly (ModelProvider | ProviderDefinition)[];
  /** Settings by provider name: base URL, timeouts, which protocol to speak, … The key comes from the environment. */
  providerSettings?: ProvidersConfig['settings'];
  /** Context windows by `provider/model`, where the built-in table is wrong or silent. */
  models?: ProvidersConfig['models'];
  /** US dollars per million tokens by `provider/model`, before the built-in table. */
  prices?: PriceOverrides;
  /** `provider/model` of agents that name none; null for none. Default: by the keys in the environment, else simulated. */
  defaultModel?: string | null;
  /** Where workspaces and artifacts are kept. Default `HOLDFAST_HOME`, else `.holdfast`. */
  home?: string;
  /** Default: files under `home`. Workers on several hosts need one they share. */
  artifacts?: ArtifactStore;
  /** What holds for agents that say nothing of it: profile and rules, added to each agent's own. Default: profile `strict`. */
  permissions?: z.input<typeof policySchema>;
  /** Who has which role and which manager, for approvals. Default: decisions are taken at their word. */
  people?: People;
  /** Decisions on approvals must be signed with it. Default `HOLDFAST_APPROVAL_KEY`, else they need no signature. */
  approvalKey?: string;
  /** Who is told of approvals, besides the log. */
  notifiers?: readonly Notifier[];
  /** Where secrets are, by the name tools ask for: `env:VARIABLE`, `file:PATH`, `vault:MOUNT/PATH#KEY`. Default: `env:` and the name. */
  secrets?: Readonly<Record<string, string>>;
  /**
   * The registry in which its agents are entered once it runs, and which is told what becomes of the nodes of plans. Default: none.
   * See docs/plans.md.
   */
  registry?: string | false;
  /** Default `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /**
   * Carries what models say to followers while they say it; false for none. Default: as `HOLDFAST_STREAMS` says, else sockets
   * under `home`, for followers on this machine.
   */
  streams?: StreamBus | false;
}

/** What a worker's agents, tools and providers come down to. */
export interface Assembly {
  services: ActivityServices;
  activities: Record<string, (...args: never[]) => unknown>;
}

export function homeOf(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return path.resolve(env.HOLDFAST_HOME || '.holdfast');
}

/** A variable that is set to nothing, as compose files do, is not set. */
function withoutBlanks(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function callStreams(
  given: AssemblyOptions['streams'],
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): CallStreams {
  if (given !== undefined) return new CallStreams({ open: () => given || undefined, owned: false });
  return new CallStreams({ open: () => openStreams({ env, home, listen: true }), owned: true });
}

/** @throws HoldfastError `Config.Invalid`. */
function policyOf(given: AssemblyOptions['permissions'] = {}): Policy {
  const parsed = policySchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map(({ path, message }) => `${['permissions', ...path].join('.')}: ${message}`);
  throw new HoldfastError('Config.Invalid', where.join('; '), { hint: 'See docs/permissions.md.' });
}

/** Variables of the worker's own that must not be shown either. */
const OWN_SECRETS =
  /^(ANTHROPIC_API_KEY|OPENAI_API_KEY|HOLDFAST_APPROVAL_KEY|TEMPORAL_API_KEY|VAULT_TOKEN|.*_(API_KEY|SECRET|PASSWORD|TOKEN))$/;

function secretsOf(
  { secrets: references, providers = [] }: AssemblyOptions,
  env: Readonly<Record<string, string | undefined>>,
  redactor: Redactor | undefined,
): Secrets {
  const secrets = new Secrets({ env, ...(references && { references }), ...(redactor && { redactor }) });
  const keys = providers.filter(isDefinition).map(({ keyVariable }) => keyVariable);
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (OWN_SECRETS.test(name) || keys.includes(name))) secrets.redactor.add(name, value);
  }
  return secrets;
}

/** @param redactor of the assembly this one takes the place of: what that has leased stays known. */
export function assemble(options: AssemblyOptions, redactor?: Redactor): Assembly {
  const env = withoutBlanks(options.env ?? process.env);
  const home = path.resolve(options.home ?? homeOf(env));
  const tools = [...BUILTIN_TOOLS, ...(options.tools ?? [])];
  const named = [...tools, ...WORKFLOW_TOOLS];
  const secrets = secretsOf(options, env, redactor);
  const providers = createProviders({
    env,
    fetchKey: (provider, reference, fresh) => secrets.providerKey(provider, reference, fresh),
    extra: [...(options.providers ?? [])],
    ...(options.providerSettings && { settings: options.providerSettings }),
    ...(options.models && { models: options.models }),
  });
  const catalogue = new Catalogue({
    agents: withPlanner(options.agents ?? []),
    tools: [...tools.map((tool) => tool.spec), ...WORKFLOW_TOOLS],
    expandTools: (names) => expandToolNames(names, named),
    policy: policyOf(options.permissions),
    defaultModel: options.defaultModel === undefined ? defaultModelRoute(env) : options.defaultModel,
    checkModel: (route) => void providers.providerFor(route),
  });
  const services: ActivityServices = {
    catalogue,
    providerFor: (route) => providers.providerFor(route),
    prices: createPrices(options.prices),
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    transcripts: new TranscriptCache(),
    artifacts: options.artifacts ?? new FileArtifactStore(path.join(home, 'artifacts')),
    results: new FileResultStore(path.join(home, 'results')),
    home,
    secrets,
    people: options.people,
    approvalKey: options.approvalKey ?? env.HOLDFAST_APPROVAL_KEY,
    notifiers: options.notifiers ?? [],
    registry: options.registry || DEFAULT_REGISTRY,
    streams: callStreams(options.streams, env, home),
  };
  return { services, activities: createActivities(services) };
}

/**
 * Changes what a running worker knows, in place: the next run, and the next call of every run, use it. A tool that is no longer
 * there stays for the runs that were promised it. Where anything is wrong, nothing changes.
 * @throws HoldfastError as `assemble`.
 */
export function reassemble({ services }: Assembly, options: AssemblyOptions): void {
  const next = assemble(options, services.secrets.redactor).services;
  const { catalogue, providerFor, prices, secrets, people, approvalKey, notifiers, tools } = next;
  const taken = { catalogue, providerFor, prices, secrets, people, approvalKey, notifiers };
  Object.assign(services, { ...taken, tools: new Map([...services.tools, ...tools]) });
}

/** A project without a planner of its own has ours. */
function withPlanner(agents: readonly AgentDefinition[]): readonly AgentDefinition[] {
  return agents.some(({ name }) => name === PLANNER) ? agents : [...agents, plannerAgent];
}
