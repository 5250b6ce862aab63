/** Of an agent that says nothing about them. Apart from the schema, because workflow code has no zod. */
export const DEFAULT_LIMITS = { turns: 100, toolCalls: 500, repeatedCalls: 5 } as const;
