import { HoldfastError } from '../../protocol/failures';
import { type ModelCall, type ModelProvider, ProviderError } from './provider';

/** Fetches a key. @param fresh not from what was fetched before: the vendor refused that. */
export type FetchKey = (fresh: boolean) => Promise<string>;

/** Stands for the key where none is needed: what is known of models, how tokens are counted. Nothing is sent with it. */
const NO_KEY = 'not-fetched';

/**
 * A provider whose key is somewhere else, and is fetched when a call needs it. What the vendor refuses may have been replaced there
 * meanwhile: it is fetched once more, and where it is another one, the call is made with that.
 */
export function keyedProvider(create: (apiKey: string) => ModelProvider, fetchKey: FetchKey): ModelProvider {
  const facts = create(NO_KEY);
  let current: { key: string; provider: ModelProvider } | undefined;

  async function provider(fresh = false): Promise<ModelProvider> {
    const key = await fetchKey(fresh).catch((error) => {
      throw unavailable(facts.name, error);
    });
    if (current?.key !== key) current = { key, provider: create(key) };
    return current.provider;
  }

  async function withKey<T>(ask: (provider: ModelProvider) => Promise<T>): Promise<T> {
    const first = await provider();
    try {
      return await ask(first);
    } catch (error) {
      if (!HoldfastError.is(error) || error.code !== 'Model.Auth') throw error;
      const second = await provider(true);
      if (second === first) throw refused(error);
      return ask(second).catch((again) => {
        throw refused(again);
      });
    }
  }

  /** The adapter knows of variables only. */
  function refused(error: unknown): unknown {
    if (!(error instanceof ProviderError) || error.code !== 'Model.Auth') return error;
    const { message, status, requestId } = error;
    const hint = `Check where providers.${facts.name}.key says it is, and what that key may use.`;
    const said = { ...(status !== undefined && { status }), ...(requestId !== undefined && { requestId }) };
    return new ProviderError('Model.Auth', message, { hint, ...said, cause: error });
  }

  const { listModels, embed, checkHealth } = facts;
  return {
    name: facts.name,
    ...(facts.simulated && { simulated: true }),
    prepare: async () => void (await provider()),
    complete: (request, call) => withKey((one) => one.complete(request, call)),
    countTokens: (request) => facts.countTokens(request),
    describeModel: (model) => facts.describeModel(model),
    connectionStats: () => current?.provider.connectionStats?.() ?? { requests: 0, reused: 0 },
    ...(listModels && {
      listModels: (call: ModelCall) => withKey(async (one) => (await one.listModels?.(call)) ?? []),
    }),
    ...(embed && {
      embed: (texts, options, call) =>
        withKey((one) => (one.embed as NonNullable<ModelProvider['embed']>)(texts, options, call)),
    }),
    ...(checkHealth && { checkHealth: (call: ModelCall) => withKey(async (one) => one.checkHealth?.(call)) }),
  };
}

/** Where the key is kept says what is missing; whether that is worth another try is the same as for a vendor. */
function unavailable(name: string, error: unknown): unknown {
  if (!HoldfastError.is(error)) return error;
  if (error.code !== 'Secret.Missing' && error.code !== 'Secret.Unavailable') return error;
  const code = error.code === 'Secret.Missing' ? 'Model.MissingKey' : 'Model.Unavailable';
  return new ProviderError(code, `${name}: its key could not be had: ${error.message}`, {
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}
