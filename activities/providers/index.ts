import { anthropic } from './anthropic';
import type { Environment, ProviderDefinition, ProviderSettings } from './definition';
import { keyedProvider } from './keyed-provider';
import { openai } from './openai';
import { type ModelFacts, type ModelProvider, ProviderError } from './provider';
import { createSimulatedProvider } from './simulated';

/** Every provider Holdfast brings, in the order in which one is chosen when no model is named. A new one is one line here. */
export const PROVIDERS: readonly ProviderDefinition[] = [
  anthropic,
  openai,
  { name: 'simulated', defaultModel: 'rules', create: createSimulatedProvider },
];

export interface ProvidersConfig {
  /** Default: `process.env`. */
  env?: Environment;
  /** Providers besides, or instead of, those of the same name that Holdfast brings: ready ones, or how they come to be. */
  extra?: readonly (ModelProvider | ProviderDefinition)[];
  /**
   * Settings by provider name. A further name is another server: `type` tells whose protocol it speaks, e.g.
   * `{ ollama: { type: 'openai', baseURL: 'http://127.0.0.1:11434/v1' } }`.
   */
  settings?: Readonly<Record<string, ProviderSettings & { type?: string }>>;
  /** Context windows by route, e.g. `{ 'openai/llama3': { contextTokens: 8192 } }`. */
  models?: Readonly<Record<string, ModelFacts>>;
  /** Fetches the key of a provider that has a `keyReference`; may throw `Secret.*`. Without it such a provider cannot be called. */
  fetchKey?(provider: string, reference: string, fresh: boolean): Promise<string>;
}

export interface Providers {
  /** All names a route may start with. */
  names(): string[];
  /**
   * The provider of a route `provider/model`, made on first use, and the vendor's model name.
   * @throws ProviderError `Model.UnknownProvider`, `Model.MissingKey`, `Model.InvalidRequest` for a route without a model.
   */
  providerFor(route: string): { provider: ModelProvider; model: string };
}

/** The providers of one worker. Nothing is loaded or connected before it is used. */
export function createProviders(config: ProvidersConfig = {}): Providers {
  const env = config.env ?? process.env;
  const made = new Map<string, ModelProvider>();
  const { extra = [] } = config;
  const ready = new Map(extra.flatMap((provider) => (isDefinition(provider) ? [] : [[provider.name, provider]])));
  const definitions = [...extra.filter(isDefinition), ...PROVIDERS];
  const known = [...PROVIDERS, ...extra].map(({ name }) => name).concat(Object.keys(config.settings ?? {}));
  const names = (): string[] => [...new Set(known)];
  return {
    names,
    providerFor(route) {
      const { name, model } = splitRoute(route, names());
      const provider = ready.get(name) ?? made.get(name) ?? make(name, definitions, config, env, names());
      made.set(name, provider);
      return { provider, model };
    },
  };
}

function splitRoute(route: string, names: string[]): { name: string; model: string } {
  const slash = route.indexOf('/');
  if (slash > 0 && slash < route.length - 1) return { name: route.slice(0, slash), model: route.slice(slash + 1) };
  throw new ProviderError('Model.InvalidRequest', `"${route}" is not a model: write provider/model`, {
    hint: `For example ${PROVIDERS.map((known) => `${known.name}/${known.defaultModel}`).join(', ')}. Known providers: ${names.join(', ')}.`,
  });
}

/** Told by shape: one that is ready has no `create`. */
export function isDefinition(provider: ModelProvider | ProviderDefinition): provider is ProviderDefinition {
  return 'create' in provider;
}

function make(
  name: string,
  definitions: readonly ProviderDefinition[],
  config: ProvidersConfig,
  env: Environment,
  names: string[],
): ModelProvider {
  const configured = config.settings?.[name];
  const type = configured?.type ?? name;
  const definition = definitions.find((known) => known.name === type);
  if (!definition) {
    throw new ProviderError('Model.UnknownProvider', `no provider is called "${type}"`, {
      hint: `Known providers: ${names.join(', ')}. A project's own are in providers/; holdfast create provider begins one.`,
    });
  }
  // A server under another name must not inherit the vendor's key and URL.
  const scope = type === name ? env : {};
  const { keyReference, ...given } = configured ?? {};
  const settings = { ...given, name, models: { ...modelsOf(config, name), ...given.models } };
  if (keyReference === undefined) return definition.create(settings, scope);
  return keyedProvider(
    (apiKey) => definition.create({ ...settings, apiKey }, scope),
    async (fresh) => {
      if (config.fetchKey) return config.fetchKey(name, keyReference, fresh);
      throw new ProviderError('Model.MissingKey', `${name}: its key is fetched by workers alone`);
    },
  );
}

function modelsOf({ models = {} }: ProvidersConfig, name: string): Record<string, ModelFacts> {
  const own = Object.entries(models).filter(([route]) => route.startsWith(`${name}/`));
  return Object.fromEntries(own.map(([route, facts]) => [route.slice(name.length + 1), facts]));
}

/** The model of an agent that names none: `HOLDFAST_MODEL`, else the first provider that has a key, else the simulated one. */
export function defaultModelRoute(env: Environment = process.env): string {
  if (env.HOLDFAST_MODEL) return env.HOLDFAST_MODEL;
  const withKey = PROVIDERS.find(({ keyVariable }) => keyVariable !== undefined && env[keyVariable]);
  return withKey ? `${withKey.name}/${withKey.defaultModel}` : 'simulated/rules';
}
