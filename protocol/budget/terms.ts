import { z } from 'zod';
import { approvalTermsSchema } from '../approval';
import { actorSchema } from '../control';
import { durationSchema } from '../duration';
import { accountNameSchema } from './account-name';
import { MOST_USD } from './money';

/** In the unit of the tree. */
const amount = z.number().positive().max(MOST_USD);

const capsSchema = z.strictObject({
  day: amount.nullable().optional().describe('Spent in a day.'),
  month: amount.nullable().optional().describe('Spent in a calendar month.'),
  run: amount.nullable().optional().describe('Spent by one run and the runs below it. A run that reaches it ends.'),
  call: amount.nullable().optional().describe('The worst case of one call. A run that needs a dearer one ends.'),
});

const autoTopUpSchema = z.strictObject({
  below: amount.describe('Tops up when less than this is left.'),
  amount,
  mostPerMonth: amount.describe('No more than this in a calendar month; then it is empty.'),
});

const askSchema = approvalTermsSchema.extend({
  amount: amount.optional().describe('What an approval adds. Default: ten times what the first in the queue needs.'),
});

export const accountTermsSchema = z.strictObject({
  caps: capsSchema.optional().describe('Null takes a cap away.'),
  warnAt: z
    .array(z.number().positive().max(1))
    .max(10)
    .optional()
    .describe('Parts of funds and caps at which people are told. Default 0.5, 0.8, 1.'),
  whenEmpty: z
    .enum(['ask', 'stop'])
    .optional()
    .describe('"ask" (default): runs wait, and an approval is opened that tops up. "stop": runs end.'),
  ask: askSchema.optional().describe('Who is asked when it is empty, and for how much.'),
  autoTopUp: autoTopUpSchema.nullable().optional(),
  unknownPrice: z
    .union([z.literal('refuse'), amount])
    .optional()
    .describe('Of a model without a known price: "refuse" (default), or what each call counts as.'),
});
/**
 * Rules of an account: caps, warnings, what happens when it is empty. Amounts in the unit of its tree, US dollars or
 * credits.
 */
export type AccountTerms = z.output<typeof accountTermsSchema>;

const onAccountSchema = actorSchema.extend({ account: accountNameSchema });

export const openAccountSchema = onAccountSchema.extend({
  ...accountTermsSchema.shape,
  funds: z
    .number()
    .min(0)
    .max(MOST_USD)
    .optional()
    .describe(
      'What it may spend in all, until it is topped up. Default: whatever its caps and the accounts above allow.',
    ),
  unit: z.enum(['usd', 'credits']).optional().describe('Of the whole tree; said with its first account. Default usd.'),
  creditUsd: z.number().min(0.000_001).max(MOST_USD).optional().describe('US dollars of a credit. Default 0.01.'),
  timeZone: z.string().max(100).optional().describe('In which days and months begin, of the whole tree. Default UTC.'),
  checkHolders: durationSchema
    .optional()
    .describe(
      'After so long without a word from a run that holds money, it is looked whether it still lives. Default 10m.',
    ),
});
export type OpenAccount = z.output<typeof openAccountSchema>;

export const topUpSchema = onAccountSchema.extend({ amount });
export type TopUp = z.output<typeof topUpSchema>;

export const setTermsSchema = onAccountSchema.extend(accountTermsSchema.shape);
export type SetTerms = z.output<typeof setTermsSchema>;

export const freezeSchema = onAccountSchema;
export type Freeze = z.output<typeof freezeSchema>;
