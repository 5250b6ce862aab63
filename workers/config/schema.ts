import { z } from 'zod';
import { durationSchema } from '../../protocol/duration';
import { policySchema } from '../../protocol/permissions/policy';
import { parseReference, REFERENCE_FORMS, SECRET_NAME } from '../../protocol/secret-reference';
import { LevelRules } from '../log-levels';

/** Every setting of a project's `holdfast.yaml`. What is said here is what the documentation and the JSON Schema say. */

export const CONFIG_VERSION = 1;

/** The providers Holdfast brings; named here too, because reading settings must not load them. */
export const PROVIDER_NAMES: readonly string[] = ['anthropic', 'openai', 'simulated'];

const count = z.number().int().positive();
const price = z.number().min(0);
const route = z.string().regex(/^[^/\s]+\/\S+$/, 'write provider/model');

const timeoutsSchema = z.strictObject({
  connect: durationSchema.optional().describe('Until the connection stands. Default 10 s.'),
  firstByte: durationSchema.optional().describe('From the request to the first byte of the answer. Default 2 minutes.'),
  idle: durationSchema
    .optional()
    .describe('Between two pieces of the answer. Default 1 minute; 5 for models that think in silence.'),
});

const providerSchema = z.strictObject({
  type: z
    .enum(['openai', 'anthropic'])
    .optional()
    .describe(
      'Whose protocol the server speaks; needed for a name that is neither known nor that of a file in providers/.',
    ),
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'not an http(s) address' })
    .optional()
    .describe('Where the server is, e.g. http://127.0.0.1:11434/v1.'),
  keyVariable: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable, in capitals')
    .optional()
    .describe(
      'The environment variable that holds the key. Default: OPENAI_API_KEY, ANTHROPIC_API_KEY; none for others.',
    ),
  key: z
    .string()
    .refine((text) => parseReference(text) !== undefined, `not a reference: write ${REFERENCE_FORMS}`)
    .optional()
    .describe(
      'Where the key is: env:VARIABLE, file:PATH or vault:MOUNT/PATH#KEY; fetched by the call that needs it. Before keyVariable.',
    ),
  api: z
    .enum(['responses', 'chat'])
    .optional()
    .describe('OpenAI only: which of its protocols to speak. Default: responses at OpenAI itself, else chat.'),
  returnReasoning: z
    .boolean()
    .optional()
    .describe('OpenAI chat only: send reasoning back, which some servers demand while tools are called.'),
  reasoningSummary: z
    .enum(['auto', 'concise', 'detailed'])
    .optional()
    .describe('OpenAI responses only: ask for summaries of the reasoning.'),
  maxAnswerChars: count.optional().describe('Characters after which an answer is aborted. Default 1,000,000.'),
  timeouts: timeoutsSchema.optional(),
});

const modelSchema = z.strictObject({
  contextTokens: count.describe('Tokens of input and output together.'),
  maxOutputTokens: count.optional().describe('Tokens one answer may have.'),
});

const priceSchema = z.strictObject({
  inputPerMillion: price.describe('US dollars for a million tokens of input; 0 for a free model.'),
  cachedInputPerMillion: price.optional().describe('The same, read from the cache of the vendor. Default: as input.'),
  cacheWritePerMillion: price.optional().describe('The same, written to it. Default: as input.'),
  outputPerMillion: price.describe('US dollars for a million tokens of output.'),
});

const levels = z.string().superRefine((text, context) => {
  try {
    new LevelRules(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

const variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable, in capitals');

const personSchema = z.strictObject({
  roles: z.array(z.string().min(1).max(200)).max(100).optional().describe('What `role:NAME` is asked for.'),
  manager: z.string().min(1).max(200).optional().describe('Whom `manager` means, of what this person asked for.'),
});

/** Settings that are one value, however much is in it: no variable and no row of the documentation for each part. */
export const WHOLE = ['permissions', 'people'] as const;

const port = z.number().int().min(0).max(65_535);

/** The settings, each with its meaning and its default. */
export const settingsSchema = z.strictObject({
  defaultModel: route
    .optional()
    .describe('provider/model of agents that name none. Default: of the first provider that has a key.'),
  simulateWithoutKey: z
    .boolean()
    .prefault(true)
    .describe(
      'Without a key and a default model the simulated model answers; else such a run fails. In production: false.',
    ),
  providers: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'), providerSchema)
    .prefault({})
    .describe('Settings by provider; a name of your own is another server.'),
  models: z.record(route, modelSchema).prefault({}).describe('Windows of models, by provider/model.'),
  prices: z.record(route, priceSchema).prefault({}).describe('Prices, by provider/model or provider/*.'),
  secrets: z
    .record(
      z.string().regex(SECRET_NAME, 'a name of letters, digits, "_", "-" and "."'),
      z.string().refine((text) => parseReference(text) !== undefined, `not a reference: write ${REFERENCE_FORMS}`),
    )
    .prefault({})
    .describe(
      'Where secrets are, by the name tools ask for: env:VARIABLE, file:PATH or vault:MOUNT/PATH#KEY. Default: env: and the name.',
    ),
  permissions: policySchema
    .optional()
    .describe('What holds for every agent beside its own permissions; docs/permissions.md. Default: profile strict.'),
  people: z
    .record(z.string().min(1).max(200), personSchema)
    .optional()
    .describe('Who has which roles and which manager, for approvals. Default: whoever decides is taken at their word.'),
  approvals: z
    .strictObject({
      keyVariable: variable
        .prefault('HOLDFAST_APPROVAL_KEY')
        .describe('The environment variable with the key that decisions must be signed with. Not set: no signatures.'),
      webhook: z
        .strictObject({
          url: z
            .url({ protocol: /^https?$/, error: 'not an http(s) address' })
            .optional()
            .describe('Where every request for an approval is posted. Default: nowhere.'),
          keyVariable: variable
            .prefault('HOLDFAST_WEBHOOK_KEY')
            .describe('The environment variable with the key that signs what is posted. Not set: it is not signed.'),
        })
        .prefault({}),
    })
    .prefault({}),
  worker: z
    .strictObject({
      taskQueue: z.string().min(1).max(200).prefault('holdfast').describe('Where runs wait for a worker.'),
      registry: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes')
        .prefault('default')
        .describe('The registry its agents are entered in, see docs/plans.md; "none" for none.'),
      shutdownGrace: durationSchema.prefault('60s').describe('How long running calls may take to end when it stops.'),
      maxConcurrentActivities: count.optional().describe('Model and tool calls at once. Default 100.'),
      maxConcurrentWorkflowTasks: z.number().int().min(2).optional().describe('Workflow steps at once. Default 40.'),
      maxCachedRuns: z
        .number()
        .int()
        .min(2)
        .optional()
        .describe('Runs kept in memory, about 0.25 MB each; others are loaded again when they go on. Default 600.'),
    })
    .prefault({}),
  temporal: z
    .strictObject({
      address: z.string().min(1).optional().describe('host:port of a cluster. Default: the embedded server.'),
      namespace: z.string().min(1).optional().describe('Default: default.'),
      port: port.optional().describe('Port of the embedded server; 0 takes a free one. Default 7233.'),
      uiPort: port.optional().describe('Port of its Web UI; 0 takes a free one. Default 8233.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      levels: levels
        .optional()
        .describe('info, or with exceptions: info,core=warn,agent:writer=debug. Default: by the command.'),
      format: z
        .enum(['auto', 'pretty', 'json'])
        .prefault('auto')
        .describe('auto: lines for people on a terminal, else JSON. In production: json.'),
      file: z
        .string()
        .min(1)
        .optional()
        .describe('Where dev and worker write every line too, as JSON; one file a process.'),
      agents: z
        .string()
        .min(1)
        .optional()
        .describe('A folder in which the lines of each agent are written too, to AGENT.log; one folder a process.'),
      maxMegabytes: z.number().positive().prefault(10).describe('Size at which such a file is put away, compressed.'),
      maxAge: durationSchema
        .optional()
        .describe('Age of its first line at which such a file is put away too, e.g. 1d. Default: never.'),
      keep: z.number().int().min(0).prefault(5).describe('How many of those put away are kept.'),
    })
    .prefault({}),
});

/** With all defaults; lengths of time in milliseconds. */
export type Settings = z.output<typeof settingsSchema>;
/** As a file or an environment gives them: any part. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** A file: the settings, and by profile what differs there. */
export const configFileSchema = settingsSchema.extend({
  $schema: z.string().optional().describe('Address of the JSON Schema, for editors.'),
  version: z.literal(CONFIG_VERSION).describe('Version of this format.'),
  profiles: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'), settingsSchema)
    .optional()
    .describe('What differs in a profile, chosen with --profile or HOLDFAST_PROFILE.'),
});

export const DEFAULT_PROFILE = 'development';

/** What Holdfast itself sets in a profile, below the file. Others are as development. */
export const PROFILE_DEFAULTS: Readonly<Record<string, SettingsInput>> = {
  [DEFAULT_PROFILE]: {},
  // Nothing may pass for a model's work by accident, and logs are read by machines.
  production: { simulateWithoutKey: false, log: { format: 'json' } },
};
