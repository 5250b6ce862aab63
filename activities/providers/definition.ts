import type { Timeouts } from './connection';
import type { ModelFacts, ModelProvider } from './provider';

/** Settings of one provider; everything has a default, mostly from the environment. */
export interface ProviderSettings {
  /** The name in routes; default: the definition's own. */
  name?: string;
  apiKey?: string;
  /** Where the key is, in place of `apiKey`: `env:VARIABLE`, `file:PATH` or `vault:MOUNT/PATH#KEY`. Fetched by the call that needs it. */
  keyReference?: string;
  /** Another server that speaks the same protocol, e.g. `http://127.0.0.1:11434/v1`. */
  baseURL?: string;
  /** OpenAI only: which of its two protocols to speak. */
  api?: 'responses' | 'chat';
  /** OpenAI chat only: send `reasoning_content` back, which some compatible servers demand while tools are called. */
  returnReasoning?: boolean;
  /** OpenAI Responses only: ask for summaries of the reasoning; needs a verified organisation. Default: none. */
  reasoningSummary?: 'auto' | 'concise' | 'detailed';
  timeouts?: Timeouts;
  /** Characters of text, reasoning and arguments together after which an answer is aborted. Default 1,000,000. */
  maxAnswerChars?: number;
  /** Context windows by model name, where the built-in table is wrong or silent. */
  models?: Record<string, ModelFacts>;
}

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How a provider comes to be: what `index.ts` lists. */
export interface ProviderDefinition {
  /** The part of a model route before the slash. */
  name: string;
  /** The environment variable that holds its key; absent when none is needed. */
  keyVariable?: string;
  /** The model name used when this provider is chosen for its key alone. */
  defaultModel: string;
  /**
   * Makes the provider. Asks nothing of the vendor yet.
   * @throws ProviderError `Model.MissingKey`.
   */
  create(settings: ProviderSettings, env: Environment): ModelProvider;
}
