import { z } from 'zod';
import { approvalTermsSchema } from '../approval';
import { termsProblem } from '../approval-terms';
import { parseRule } from './rule';

const ruleSchema = z
  .string()
  .min(1)
  .max(1_000)
  .superRefine((text, context) => {
    try {
      parseRule(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  })
  .describe('E.g. "files_write(reports/**)", "pay(amount<=100)", "mail_*"; see docs/permissions.md.');

const rules = z.array(ruleSchema).max(200);

const termsSchema = approvalTermsSchema.superRefine((terms, context) => {
  const problem = termsProblem(terms);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** A rule, or a rule with terms of its own. */
const askSchema = z.union([ruleSchema, z.strictObject({ rule: ruleSchema, approval: termsSchema })]);

/** What holds once content from outside has come into the conversation; before the other rules. */
const taintedSchema = z.strictObject({
  allow: rules.optional().describe('Trusted in spite of it, where the other rules allow them.'),
  ask: rules.optional(),
  deny: rules.optional(),
});

/**
 * `strict` (default): what only reads, and what stays in the run's own workspace, is allowed; everything else asks.
 * `standard`: also effects that are idempotent. `owner`: everything, on the responsibility of whoever chose it.
 */
export const profileSchema = z.enum(['strict', 'standard', 'owner']);
export type Profile = z.output<typeof profileSchema>;

export const policySchema = z.strictObject({
  profile: profileSchema.optional().describe('What holds where no rule does. Default: the worker\'s, else "strict".'),
  allow: rules.optional(),
  ask: z.array(askSchema).max(200).optional(),
  deny: rules.optional(),
  tainted: taintedSchema.optional(),
  approval: termsSchema.optional().describe('How approvals are asked for, where a rule says nothing else.'),
  models: z
    .array(
      z
        .string()
        .max(200)
        .regex(/^[\w.*-]+\/\S+$|^\*$/, 'a model is provider/model, with * for any part of it'),
    )
    .max(100)
    .optional()
    .describe('`provider/model` it may use, with `*`. Default: any.'),
});

/** What an agent may do. Of rules that apply to one call the strictest holds: deny, then ask, then allow. */
export type Policy = z.output<typeof policySchema>;

/** What a run may add to its agent's policy: it can only forbid, or ask for more approvals. */
export const narrowingSchema = policySchema.omit({ allow: true });
