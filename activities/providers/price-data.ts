import type { ModelInfo, PriceCalculation, Usage as PricedUsage } from '@pydantic/genai-prices';

/** The bundled price table, loaded on first use; nothing is fetched. */
function table() {
  return require('@pydantic/genai-prices') as typeof import('@pydantic/genai-prices');
}

/** US dollars of a usage by the vendor's list price; null when the vendor or the model is not in the table. */
export function listPrice(vendor: string, model: string, usage: PricedUsage): PriceCalculation | null {
  const { calcPrice, findProvider } = table();
  const provider = findProvider({ providerId: vendor });
  if (!provider) return null;
  try {
    return calcPrice(usage, model, { provider });
  } catch {
    // The table has no price for a kind of token this call used.
    return null;
  }
}

const known = new Map<string, ModelInfo | undefined>();
const MAX_KNOWN = 500;

export function knownModel(vendor: string, model: string): ModelInfo | undefined {
  const route = `${vendor}/${model}`;
  if (!known.has(route)) {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(route, listPrice(vendor, model, { input_tokens: 0, output_tokens: 0 })?.model);
  }
  return known.get(route);
}
