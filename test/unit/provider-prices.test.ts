import { describeKnownModel } from '../../activities/providers/models';
import { createPrices, FREE } from '../../activities/providers/prices';
import { NO_USAGE } from '../../protocol/usage';

const usage = {
  inputTokens: 1_000,
  cachedInputTokens: 200,
  cacheWriteTokens: 100,
  outputTokens: 100,
  reasoningTokens: 50,
};
/** A model made up, with round numbers, for every kind of token. */
const OWN = { inputPerMillion: 10, cachedInputPerMillion: 1, cacheWritePerMillion: 12.5, outputPerMillion: 30 };

describe('prices', () => {
  const prices = createPrices();

  it('uses the bundled table, each kind of token at its price', () => {
    // claude-sonnet-4-5: $3 in, $0.30 cache read, $3.75 cache write, $15 out per million.
    const expected = (700 * 3 + 200 * 0.3 + 100 * 3.75 + 100 * 15) / 1e6;
    expect(prices.costUsd('anthropic/claude-sonnet-4-5', usage)).toBeCloseTo(expected, 12);
    // gpt-5-mini: $0.25 in, $0.025 cached, $2 out; nothing is charged for cache writes.
    const openai = (800 * 0.25 + 200 * 0.025 + 100 * 2) / 1e6;
    expect(prices.costUsd('openai/gpt-5-mini', { ...usage, cacheWriteTokens: 0 })).toBeCloseTo(openai, 12);
  });

  it('says null, never 0, where it does not know', () => {
    for (const route of ['openai/no-such-model', 'nobody/gpt-5', 'gpt-5-mini', 'anthropic/']) {
      expect(prices.costUsd(route, usage)).toBeNull();
      expect(prices.worstCaseUsd(route, 10, 10)).toBeNull();
    }
  });

  it('charges nothing for models that think nothing', () => {
    expect(prices.costUsd('simulated/rules', usage)).toBe(0);
    expect(prices.worstCaseUsd('scripted/steps', 10, 10)).toBe(0);
  });

  it('lets the user’s own prices win: the route’s, then the provider’s', () => {
    const own = createPrices({ 'openai/gpt-5-mini': OWN, 'openai/*': FREE, 'simulated/rules': OWN });
    const expected = (700 * 10 + 200 * 1 + 100 * 12.5 + 100 * 30) / 1e6;
    expect(own.costUsd('openai/gpt-5-mini', usage)).toBeCloseTo(expected, 12);
    expect(own.costUsd('openai/llama3', usage)).toBe(0);
    expect(own.costUsd('simulated/rules', usage)).toBeCloseTo(expected, 12);
  });

  it('charges cached tokens as input where the user gave no price for them', () => {
    const own = createPrices({ 'a/b': { inputPerMillion: 10, outputPerMillion: 30 } });
    expect(own.costUsd('a/b', usage)).toBeCloseTo((1_000 * 10 + 100 * 30) / 1e6, 12);
  });

  it('takes the worst case: nothing cached, or all of it written', () => {
    const own = createPrices({ 'a/b': OWN });
    expect(own.worstCaseUsd('a/b', 1_000, 500)).toBeCloseTo((1_000 * 12.5 + 500 * 30) / 1e6, 12);
    expect(prices.worstCaseUsd('anthropic/claude-sonnet-4-5', 1_000, 100)).toBeCloseTo(
      (1_000 * 3.75 + 100 * 15) / 1e6,
      12,
    );
    expect(prices.worstCaseUsd('openai/gpt-5-mini', 1_000, 100)).toBeCloseTo((1_000 * 0.25 + 100 * 2) / 1e6, 12);
    expect(prices.costUsd('anthropic/claude-sonnet-4-5', NO_USAGE)).toBe(0);
  });

  it.each([
    [{ 'a/b': { inputPerMillion: -1, outputPerMillion: 1 } }],
    [{ 'a/b': { inputPerMillion: Number.NaN, outputPerMillion: 1 } }],
    [{ 'no-slash': FREE }],
  ])('refuses %j', (overrides) => {
    expect(() => createPrices(overrides)).toThrow(expect.objectContaining({ code: 'Config.Invalid' }));
  });
});

describe('model facts', () => {
  it.each([
    ['openai', 'gpt-5-mini', { contextTokens: 400_000, maxOutputTokens: 128_000 }],
    ['openai', 'gpt-4o', { contextTokens: 128_000, maxOutputTokens: 16_384 }],
    ['openai', 'gpt-5.9-unheard-of', { contextTokens: 400_000, maxOutputTokens: 128_000 }],
    ['anthropic', 'claude-sonnet-4-5', { contextTokens: 200_000, maxOutputTokens: 64_000 }],
    ['anthropic', 'claude-sonnet-5', { contextTokens: 1_000_000, maxOutputTokens: 128_000 }],
    ['anthropic', 'claude-unheard-of', { contextTokens: 200_000, maxOutputTokens: 128_000 }],
    ['openai', 'llama3', undefined],
  ])('%s/%s', (vendor, model, facts) => expect(describeKnownModel(vendor, model)).toEqual(facts));
});
