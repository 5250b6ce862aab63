import type { ProviderDefinition } from './definition';

/** A provider of one's own, typed: the default export of a file in `providers/`, or an entry of the plugin's `providers`. */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  return definition;
}
