import { z } from 'zod';
import { MAX_VARIABLES, type VariableChanges, type Variables, variablesProblem } from './variables';

const VALUES = 'Texts by name, which stand as {{name}} in instructions and messages.';

function checkVariables(value: unknown, context: z.core.$RefinementCtx): void {
  const message = variablesProblem(value);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
}

export const variablesSchema: z.ZodType<Variables, Variables> = z
  .record(z.string(), z.string())
  .superRefine(checkVariables)
  .describe(`${VALUES} At most ${MAX_VARIABLES}.`);

export const variableChangesSchema: z.ZodType<VariableChanges, VariableChanges> = z
  .record(z.string(), z.union([z.string(), z.null()]))
  .superRefine(checkVariables)
  .describe(`${VALUES} Sets these; null takes one away.`);
