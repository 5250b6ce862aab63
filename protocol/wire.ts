import { z } from 'zod';
import { AGENT_NAME } from './agent';
import { agentCheckSchema } from './agent-check';
import { decisionSchema } from './approval';
import { freezeSchema, openAccountSchema, setTermsSchema, topUpSchema } from './budget/terms';
import {
  accountsSchema,
  entriesPageSchema,
  leaseReplySchema,
  leaseRequestSchema,
  ledgerInputSchema,
  purseSchema,
} from './budget/wire';
import { comparisonSchema } from './comparison';
import { compensationSchema } from './compensation-wire';
import { actorSchema, changeSchema, sendSchema, steerSchema, stepSchema } from './control';
import { deadLetterSchema, deadLetterViewSchema } from './dead-letter';
import type { JsonSchema } from './json';
import { QUERY, SIGNAL, UPDATE, WORKFLOW } from './names';
import { adjustmentSchema, amendingSchema } from './plan/control';
import { nodesPageSchema, planDifferenceSchema, planInputSchema, planResultSchema, planViewSchema } from './plan/wire';
import { appointSchema, rateSchema, registeredSchema, registerSchema, unregisterSchema } from './registry/entry';
import {
  agentViewSchema,
  candidatesPageSchema,
  foundAgentsSchema,
  queueViewSchema,
  registryInputSchema,
  reportSchema,
  standingsPageSchema,
} from './registry/wire';
import { sessionOptionsSchema } from './session';
import { spentSchema, stopOrderSchema, stopReceiptSchema } from './stop-order';
import { resizeSchema, takenSchema, warmPoolInputSchema, warmPoolViewSchema } from './warm-pool';
import {
  approvalOutcomeSchema,
  approvalRequestSchema,
  approvalViewSchema,
  exchangeSchema,
  permissionsSchema,
  receiptSchema,
  sessionResultSchema,
  sessionStateSchema,
  transcriptPageSchema,
} from './wire-results';

/** The input of `agentSession`, as any client sends it; `SessionInput` also has what only the session itself passes on. */
const sessionInputSchema = sessionOptionsSchema.extend({
  input: z
    .unknown()
    .optional()
    .describe('The task: text, parts (text, images, files), or any JSON value. Only a chat and a fork may do without.'),
  agent: z.string().regex(AGENT_NAME).describe("The agent's name in the worker's catalogue."),
  parent: z.string().max(1_000).optional().describe('Id of the run that started this one.'),
});

const renameSchema = actorSchema.extend({ title: z.string().trim().min(1).max(200) });

const SCHEMAS: Record<string, z.ZodType> = {
  [`${WORKFLOW.agentSession}.input`]: sessionInputSchema,
  [`${WORKFLOW.agentSession}.result`]: sessionResultSchema,
  [`${UPDATE.send}.input`]: sendSchema,
  [`${UPDATE.send}.result`]: receiptSchema,
  [`${UPDATE.steer}.input`]: steerSchema,
  [`${UPDATE.pause}.input`]: actorSchema,
  [`${UPDATE.resume}.input`]: actorSchema,
  [`${UPDATE.step}.input`]: stepSchema,
  [`${UPDATE.stop}.input`]: actorSchema,
  [`${UPDATE.stop}.result`]: spentSchema,
  [`${UPDATE.interrupt}.input`]: actorSchema,
  [`${UPDATE.change}.input`]: changeSchema,
  [`${UPDATE.rename}.input`]: renameSchema,
  [`${UPDATE.close}.input`]: actorSchema,
  [`${WORKFLOW.approval}.input`]: approvalRequestSchema,
  [`${WORKFLOW.approval}.result`]: approvalOutcomeSchema,
  [`${UPDATE.decide}.input`]: decisionSchema,
  [`${WORKFLOW.deadLetter}.input`]: deadLetterSchema,
  [`${UPDATE.retry}.input`]: actorSchema,
  [`${UPDATE.discard}.input`]: actorSchema,
  [`${QUERY.letter}.result`]: deadLetterViewSchema,
  [`${WORKFLOW.emergencyStop}.input`]: stopOrderSchema,
  [`${UPDATE.release}.input`]: actorSchema,
  [`${QUERY.compensation}.result`]: compensationSchema,
  [`${QUERY.receipt}.result`]: stopReceiptSchema,
  [`${WORKFLOW.warmPool}.input`]: warmPoolInputSchema,
  [`${UPDATE.take}.input`]: actorSchema,
  [`${UPDATE.take}.result`]: takenSchema,
  [`${UPDATE.resize}.input`]: resizeSchema,
  [`${QUERY.pool}.result`]: warmPoolViewSchema,
  [`${QUERY.view}.result`]: approvalViewSchema,
  [`${WORKFLOW.ledger}.input`]: ledgerInputSchema,
  [`${UPDATE.openAccount}.input`]: openAccountSchema,
  [`${UPDATE.topUp}.input`]: topUpSchema,
  [`${UPDATE.setTerms}.input`]: setTermsSchema,
  [`${UPDATE.freeze}.input`]: freezeSchema,
  [`${UPDATE.unfreeze}.input`]: freezeSchema,
  [`${QUERY.accounts}.result`]: accountsSchema,
  [`${QUERY.entries}.result`]: entriesPageSchema,
  [`${QUERY.purse}.result`]: purseSchema,
  [`${SIGNAL.lease}.input`]: leaseRequestSchema,
  [`${SIGNAL.leased}.input`]: leaseReplySchema,
  [`${QUERY.permissions}.result`]: permissionsSchema,
  [`${WORKFLOW.taskPlan}.input`]: planInputSchema,
  [`${WORKFLOW.taskPlan}.result`]: planResultSchema,
  [`${UPDATE.amend}.input`]: amendingSchema,
  [`${UPDATE.amend}.result`]: planDifferenceSchema,
  [`${UPDATE.adjust}.input`]: adjustmentSchema,
  [`${QUERY.plan}.result`]: planViewSchema,
  [`${QUERY.nodes}.result`]: nodesPageSchema,
  [`${WORKFLOW.agentRegistry}.input`]: registryInputSchema,
  [`${UPDATE.register}.input`]: registerSchema,
  [`${UPDATE.register}.result`]: registeredSchema,
  [`${UPDATE.unregister}.input`]: unregisterSchema,
  [`${UPDATE.appoint}.input`]: appointSchema,
  [`${UPDATE.rate}.input`]: rateSchema,
  [`${SIGNAL.report}.input`]: reportSchema,
  [`${QUERY.findAgents}.result`]: foundAgentsSchema,
  [`${QUERY.registeredAgent}.result`]: agentViewSchema,
  [`${QUERY.candidates}.result`]: candidatesPageSchema,
  [`${QUERY.standings}.result`]: standingsPageSchema,
  [`${QUERY.queue}.result`]: queueViewSchema,
  [`${QUERY.state}.result`]: sessionStateSchema,
  [`${QUERY.transcript}.result`]: transcriptPageSchema,
  [`${QUERY.exchange}.result`]: exchangeSchema,
  'agentCheck.result': agentCheckSchema,
  // No name of the wire: what `runs compare --json` prints.
  'compare.result': comparisonSchema,
};

/** JSON Schemas of what crosses the wire, by name: published in `docs/schemas/`, for clients in any language. */
export function wireSchemas(): Record<string, JsonSchema> {
  const schemas = Object.entries(SCHEMAS).map(([name, schema]) => {
    // As it is written on the wire: before defaults are filled in, and open to fields of later versions in answers.
    const { $schema, ...body } = z.toJSONSchema(schema, { io: 'input' });
    return [name, { $schema, title: name, ...body } as JsonSchema];
  });
  return Object.fromEntries(schemas);
}
