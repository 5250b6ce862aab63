import { z } from 'zod';
import { artifactRefSchema } from '../messages';
import { accountNameSchema } from './account-name';

/** What a ledger and the runs that lease from it say, as a client in any language reads and writes it. */

const micros = z.number().int().min(0).describe('Millionths of a US dollar.');
const amount = z.number().describe('In the unit of the tree.');
const moment = z.number().describe('Milliseconds since epoch.');
const count = z.number().int().min(0);
const unit = z.enum(['usd', 'credits']);
const unitUsd = z.number().describe('US dollars of one unit.');
const frozen = z.object({ by: z.string(), at: moment, reason: z.string().optional() }).nullable();

export const ledgerInputSchema = z.object({
  root: accountNameSchema.describe('The name of the account all others are below. The workflow id is "ledger/ROOT".'),
});

export const accountsSchema = z.array(
  z.object({
    account: z.string(),
    unit,
    unitUsd,
    funded: amount
      .nullable()
      .describe('Null: it has no funds of its own, and its caps and the accounts above it hold it.'),
    spent: amount.describe('By it and all accounts below it, as are the next ones.'),
    leased: amount.describe('Reserved by runs that go on.'),
    available: amount.nullable().describe('What may still be leased; null: no limit.'),
    lost: amount.describe('Of what was spent: what calls may have cost whose worker was lost.'),
    calls: count.describe('Priced calls.'),
    today: amount,
    thisMonth: amount,
    caps: z.object({ day: amount, month: amount, run: amount, call: amount }).partial(),
    timeZone: z.string(),
    whenEmpty: z.enum(['ask', 'stop']),
    unknownPrice: z.union([z.literal('refuse'), amount]),
    frozen,
    holders: count.describe('Runs that hold money.'),
    waiting: count.describe('Runs that wait for some.'),
    approvals: z.array(z.string()).describe('Open approvals that would add to it, by workflow id.'),
  }),
);

const segmentSchema = z.object({ from: count, to: count, runId: z.string(), artifact: artifactRefSchema.optional() });

export const entriesPageSchema = z.object({
  entries: z.array(
    z.object({
      n: count.describe('From 1.'),
      at: moment,
      kind: z.enum([
        'open',
        'open-unfunded',
        'top-up',
        'auto-top-up',
        'lease',
        'spend',
        'lost',
        'return',
        'reclaim',
        'terms',
        'freeze',
        'unfreeze',
        'allow',
      ]),
      account: z.string(),
      amount: micros,
      lease: z.string().optional(),
      holder: z.string().optional().describe('Workflow id of the run.'),
      by: z.string().optional(),
      reason: z.string().optional(),
      digest: z.string().describe('SHA-256 of the digest before it and this entry, in canonical JSON.'),
    }),
  ),
  digest: z.string().describe('The digest before these entries.'),
  from: count.describe('The first entry this Temporal run has.'),
  written: count.describe('Entries written so far.'),
  unit,
  unitUsd,
  segment: segmentSchema.optional().describe('Where the entries before `from` are.'),
});

const spending = { lease: z.string().describe('First Temporal run of the run that spends.'), seq: count };

export const leaseRequestSchema = z.object({
  ...spending,
  run: z.string().optional().describe('The Temporal run that asks: another one, after a reset.'),
  holder: z.string().describe('Workflow id of the run that spends.'),
  account: accountNameSchema,
  spent: micros.describe('Since the run began.'),
  lost: micros,
  calls: count,
  need: micros.describe('What the next call may cost; 0 to settle and give back.'),
  wish: micros,
  done: z.literal(true).optional(),
});

export const leaseReplySchema = z.object({
  ...spending,
  answer: z.enum(['granted', 'parked', 'stopped', 'recalled', 'behind', 'unknown']),
  granted: micros.describe('May be spent since the run began.'),
  spent: micros.describe('As the ledger knows it.'),
  tight: z.literal(true).optional(),
  unknownPrice: micros.optional(),
  because: z.string().optional(),
  approval: z.string().optional(),
});

export const purseSchema = z
  .object({
    ...spending,
    account: z.string(),
    spent: micros,
    granted: micros,
    lost: micros,
    calls: count,
    worst: micros.describe('What the last call could have cost.'),
    tight: z.boolean(),
    unknownPrice: micros.optional(),
    atRisk: micros.describe('What the call in flight may cost.'),
  })
  .nullable();
