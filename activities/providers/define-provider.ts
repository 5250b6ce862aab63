import type { ProviderDefinition } from './definition';

/**
 * A provider of one's own, typed: the default export of a file in `providers/`, or an entry of the plugin's `providers`.
 *
 * @example
 * ```ts
 * import { countRequestTokens, defineProvider } from 'holdfast/provider';
 *
 * export default defineProvider({
 *   name: 'parrot',
 *   defaultModel: 'parrot-1',
 *   create: ({ name = 'parrot' }) => ({
 *     name,
 *     async complete(request) {
 *       const text = JSON.stringify(request.messages.at(-1));
 *       const usage = { inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1, reasoningTokens: 0 };
 *       return { message: { role: 'assistant', content: [{ type: 'text', text }] }, finish: 'end', usage, model: request.model };
 *     },
 *     countTokens: (request) => countRequestTokens(request, { provider: name }),
 *     describeModel: () => ({ contextTokens: 100_000 }),
 *   }),
 * });
 * ```
 */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  return definition;
}
