import { HoldfastError } from '../../protocol/failures';
import type { Usage } from '../../protocol/usage';
import { listPrice } from './price-data';

/** A price in US dollars per million tokens. */
export interface ModelPrice {
  inputPerMillion: number;
  /** Default: as input. */
  cachedInputPerMillion?: number;
  /** Default: as input. */
  cacheWritePerMillion?: number;
  outputPerMillion: number;
}

/** Prices by route (`openai/gpt-5-mini`), or by provider (`local/*`); a route's own price wins. */
export type PriceOverrides = Readonly<Record<string, ModelPrice>>;

export interface Prices {
  /** US dollars of a call; null when the price is unknown. */
  costUsd(route: string, usage: Usage): number | null;
  /** US dollars a call may cost at most (nothing cached, or all of it written to the cache); null when unknown. */
  worstCaseUsd(route: string, inputTokens: number, maxOutputTokens: number): number | null;
}

export const FREE: ModelPrice = { inputPerMillion: 0, outputPerMillion: 0 };
/** Models that never cost anything, so that runs with a budget may use them. */
const BUILT_IN: PriceOverrides = { 'simulated/*': FREE, 'scripted/*': FREE };

/**
 * Prices from the table bundled with @pydantic/genai-prices and the user's own, which win.
 * @throws HoldfastError `Config.Invalid` for a price that is not a number of at least 0.
 */
export function createPrices(overrides: PriceOverrides = {}): Prices {
  for (const [route, price] of Object.entries(overrides)) validate(route, price);
  const costUsd = (route: string, usage: Usage): number | null => {
    const own = ownPrice(overrides, route) ?? ownPrice(BUILT_IN, route);
    return own ? ownCost(own, usage) : listCost(route, usage);
  };
  return {
    costUsd,
    worstCaseUsd(route, inputTokens, maxOutputTokens) {
      const usage = {
        inputTokens,
        outputTokens: maxOutputTokens,
        cachedInputTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
      };
      const plain = costUsd(route, usage);
      const written = costUsd(route, { ...usage, cacheWriteTokens: inputTokens });
      // A vendor that does not charge for cache writes has no price for them.
      return plain === null ? null : Math.max(plain, written ?? 0);
    },
  };
}

function validate(route: string, price: ModelPrice): void {
  const bad = Object.entries(price).find(
    ([, value]) => !(typeof value === 'number' && value >= 0 && Number.isFinite(value)),
  );
  if (!bad && route.includes('/') && 'inputPerMillion' in price && 'outputPerMillion' in price) return;
  throw new HoldfastError('Config.Invalid', `the price of ${route} is not valid: ${JSON.stringify(price)}`, {
    hint: 'Write "provider/model": { inputPerMillion: 0.25, outputPerMillion: 2 }, in US dollars; 0 for a free model.',
  });
}

function ownPrice(prices: PriceOverrides, route: string): ModelPrice | undefined {
  return prices[route] ?? prices[`${route.split('/', 1)[0]}/*`];
}

function ownCost(price: ModelPrice, usage: Usage): number {
  const { inputPerMillion: input, cachedInputPerMillion = input, cacheWritePerMillion = input } = price;
  const plain = usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens;
  const total =
    Math.max(0, plain) * input +
    usage.cachedInputTokens * cachedInputPerMillion +
    usage.cacheWriteTokens * cacheWritePerMillion +
    usage.outputTokens * price.outputPerMillion;
  return total / 1_000_000;
}

function listCost(route: string, usage: Usage): number | null {
  const slash = route.indexOf('/');
  const tokens = {
    input_tokens: usage.inputTokens,
    ...(usage.cachedInputTokens > 0 && { cache_read_tokens: usage.cachedInputTokens }),
    ...(usage.cacheWriteTokens > 0 && { cache_write_tokens: usage.cacheWriteTokens }),
    output_tokens: usage.outputTokens,
  };
  return listPrice(route.slice(0, slash), route.slice(slash + 1), tokens)?.total_price ?? null;
}
