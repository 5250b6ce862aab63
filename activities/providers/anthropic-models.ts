/** What a Claude model accepts; vendors refuse requests with fields of another generation. */
export interface ClaudeFeatures {
  /** `budget`: thinking with a token budget; `adaptive`: the model decides, steered by effort. */
  thinking: 'none' | 'budget' | 'adaptive';
  /** Without a `thinking` field the model thinks anyway; only effort can lower it. */
  thinksByItself: boolean;
  /** Answers constrained to a JSON Schema. */
  structuredOutput: boolean;
  temperature: boolean;
}

/** By generation, from the model's name; unknown names are taken to be new. */
export function claudeFeatures(model: string): ClaudeFeatures {
  const [major, minor] = generationOf(model);
  const generation = major + minor / 10;
  return {
    thinking: generation < 3.7 ? 'none' : generation < 4.6 ? 'budget' : 'adaptive',
    thinksByItself: generation >= 5,
    structuredOutput: generation >= 4.5 || /opus-4-1/.test(model),
    temperature: generation < 4.7,
  };
}

function generationOf(model: string): [number, number] {
  // claude-3-5-sonnet-20241022, claude-sonnet-4-5, claude-opus-4-20250514, claude-v1
  const match = /claude-(?:[a-z]+-)?v?(\d)(?:[-.](\d))?(?!\d)/.exec(model);
  return match ? [Number(match[1]), Number(match[2] ?? 0)] : [9, 0];
}

/** Budgets need room for the answer itself; below the vendor's least budget there is no thinking. */
const LEAST_BUDGET = 1_024;
const BUDGET = { low: 2_048, medium: 8_192, high: 24_576 } as const;

export function thinkingBudget(effort: keyof typeof BUDGET, maxOutputTokens: number): number | undefined {
  const budget = Math.min(BUDGET[effort], Math.floor(maxOutputTokens / 2));
  return budget >= LEAST_BUDGET ? budget : undefined;
}
