import { z } from 'zod';
import { durationSchema } from '../../protocol/duration';
import { HoldfastError } from '../../protocol/failures';
import type { JsonSchema } from '../../protocol/json';
import { SECRET_NAME } from '../../protocol/secret-reference';
import { TOOL_NAME, type ToolSpec } from '../../protocol/tool';
import type { ToolDefinition } from './tool';

/** Found in the global registry, so that tools made by another copy of the package are recognised too. */
const TOOL = Symbol.for('holdfast.tool');

const DEFAULT_TIMEOUT_MS = 60_000;
const QUICK_TIMEOUT_MS = 5_000;
/** A quick tool runs inside a workflow task; longer than this the task itself would time out. */
const QUICK_TIMEOUT_LIMIT_MS = 8_000;
const TIMEOUT_LIMIT_MS = 24 * 60 * 60 * 1_000;
const DEFAULT_ATTEMPTS = 5;
/** What OpenAI accepts as a description. */
const DESCRIPTION_LIMIT = 1_024;
const EFFECTS = ['read', 'idempotent', 'once'] as const;

/** A definition that was found valid; made by `defineTool`. */
export interface Tool<Input extends z.ZodType = z.ZodType> extends Readonly<ToolDefinition<Input>> {
  /** The tool as data, with all defaults filled in. */
  readonly spec: ToolSpec;
}

/**
 * Checks a tool and makes it known to Holdfast: `export default defineTool({name, description, input, effect, execute})`.
 * @throws HoldfastError `Tool.Invalid`, naming the tool and what is wrong with it.
 *
 * @example
 * ```ts
 * import { defineTool } from 'holdfast';
 * import { z } from 'zod';
 *
 * export default defineTool({
 *   name: 'reserve_stock',
 *   description: 'Reserves a quantity of an article in the warehouse.',
 *   input: z.strictObject({ sku: z.string(), quantity: z.number().int().positive() }),
 *   effect: 'idempotent',
 *   execute: (order, { idempotencyKey, signal }) =>
 *     fetch(`https://stock.example/${idempotencyKey}`, { method: 'PUT', body: JSON.stringify(order), signal }).then((r) => r.text()),
 * });
 * ```
 */
export function defineTool<Input extends z.ZodType>(definition: ToolDefinition<Input>): Tool<Input> {
  const tool = { ...definition, spec: Object.freeze(specOf(definition)) };
  Object.defineProperty(tool, TOOL, { value: true });
  return Object.freeze(tool);
}

/** Whether a value was made by `defineTool`, of this or another copy of the package. */
export function isTool(value: unknown): value is Tool {
  return typeof value === 'object' && value !== null && Object.getOwnPropertyDescriptor(value, TOOL)?.value === true;
}

/** What the workflow and the model see of a tool: data, with the defaults that `ToolDefinition` names filled in. */
export function toolSpecOf(tool: Tool): ToolSpec {
  return tool.spec;
}

function specOf(definition: ToolDefinition): ToolSpec {
  checkTexts(definition);
  const { name, description, effect, quick = false } = definition;
  if (!EFFECTS.includes(effect)) throw invalid(name, `effect must be one of ${EFFECTS.join(', ')}`);
  if (quick && effect !== 'read') {
    throw invalid(name, `only a tool with effect "read" can be quick, this one has "${effect}"`);
  }
  if (typeof definition.execute !== 'function') throw invalid(name, 'execute must be a function');
  return {
    name,
    description,
    inputSchema: inputSchemaOf(definition),
    effect,
    quick,
    exclusive: definition.exclusive ?? effect === 'once',
    timeoutMs: timeoutOf(definition),
    maxAttempts: attemptsOf(definition),
    runsIn: 'activity',
    ...governanceOf(definition),
  };
}

const SCOPES = ['run', 'task', 'organisation'] as const;
const KINDS = ['text', 'path', 'command', 'url'] as const;

/** What permissions and budgets go by. */
function governanceOf(definition: ToolDefinition): Partial<ToolSpec> {
  const { name, effect, subject, stays, outside, priceUsd, scope, check, undo } = definition;
  if (effect !== 'once' && (scope !== undefined || check)) {
    throw invalid(name, 'only a tool with effect "once" has a scope and a check');
  }
  if (scope !== undefined && !SCOPES.includes(scope)) throw invalid(name, `scope must be one of ${SCOPES.join(', ')}`);
  if (subject && !(typeof subject.argument === 'string' && KINDS.includes(subject.kind))) {
    throw invalid(name, `subject must name an argument and a kind, one of ${KINDS.join(', ')}`);
  }
  if (undo !== undefined && (effect === 'read' || typeof undo !== 'function')) {
    throw invalid(name, 'undo must be a function, of a tool with effect "once" or "idempotent"');
  }
  checkSecrets(definition);
  if (priceUsd !== undefined && !(Number.isFinite(priceUsd) && priceUsd >= 0)) {
    throw invalid(name, 'priceUsd must be a number of US dollars, 0 or more');
  }
  return {
    ...(subject && { subject: { argument: subject.argument, kind: subject.kind } }),
    ...(stays && { stays }),
    ...(outside && { outside: true as const }),
    ...(scope && { scope }),
    ...(check && { checks: true as const }),
    ...(undo && { undoes: true as const }),
    ...(priceUsd && { priceUsd }),
  };
}

function checkSecrets({ name, secrets = [] }: ToolDefinition): void {
  if (Array.isArray(secrets) && secrets.every((one) => typeof one === 'string' && SECRET_NAME.test(one))) return;
  throw invalid(name, 'secrets must be a list of names: a letter, then letters, digits, "_", "-" and "."');
}

function checkTexts({ name, description, toolset }: ToolDefinition): void {
  if (typeof name !== 'string' || !TOOL_NAME.test(name)) {
    throw invalid(String(name), 'a name is a letter, then letters, digits, "_" and "-", at most 64 characters');
  }
  if (typeof description !== 'string' || description.trim() === '' || description.length > DESCRIPTION_LIMIT) {
    throw invalid(name, `description must be text of 1 to ${DESCRIPTION_LIMIT} characters: the model decides by it`);
  }
  if (toolset !== undefined && !TOOL_NAME.test(toolset)) {
    throw invalid(name, `the toolset name ${JSON.stringify(toolset)} must look like a tool name`);
  }
}

function inputSchemaOf({ name, input }: ToolDefinition): JsonSchema {
  const { $schema: _dialect, ...schema } = convert(name, input);
  if (schema.type === 'object') return schema;
  throw invalid(name, 'input must be an object schema: models pass arguments as an object', 'Write z.object({…}).');
}

function convert(name: string, input: z.ZodType): JsonSchema {
  try {
    return z.toJSONSchema(input, { io: 'input', override: ({ jsonSchema }) => dropSafeIntegerBounds(jsonSchema) });
  } catch (error) {
    const hint = 'Dates, bigints, maps, sets and functions have no JSON form: take text or a number and convert it.';
    throw invalid(name, `input cannot be written as JSON Schema: ${(error as Error).message}`, hint);
  }
}

/** zod writes the bounds of safe integers into every `int()`; they tell the model nothing and cost tokens. */
function dropSafeIntegerBounds(schema: { minimum?: number; maximum?: number }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

function timeoutOf({ name, timeout, quick }: ToolDefinition): number {
  if (timeout === undefined) return quick ? QUICK_TIMEOUT_MS : DEFAULT_TIMEOUT_MS;
  const parsed = durationSchema.safeParse(timeout);
  if (!parsed.success)
    throw invalid(name, `timeout is ${parsed.error.issues.map((issue) => issue.message).join('; ')}`);
  const limit = quick ? QUICK_TIMEOUT_LIMIT_MS : TIMEOUT_LIMIT_MS;
  if (parsed.data <= limit) return parsed.data;
  throw invalid(
    name,
    `timeout is ${parsed.data} ms; ${quick ? 'a quick tool' : 'a tool'} may take ${limit} ms at most`,
  );
}

function attemptsOf({ name, effect, maxAttempts }: ToolDefinition): number {
  if (effect === 'once') {
    if (maxAttempts === undefined || maxAttempts === 1) return 1;
    throw invalid(name, 'a tool with effect "once" has one attempt; leave maxAttempts out or declare it "idempotent"');
  }
  const attempts = maxAttempts ?? DEFAULT_ATTEMPTS;
  if (Number.isInteger(attempts) && attempts >= 1 && attempts <= 1_000) return attempts;
  throw invalid(name, `maxAttempts must be a whole number from 1 to 1000, not ${attempts}`);
}

function invalid(name: string, problem: string, hint?: string): HoldfastError {
  return new HoldfastError('Tool.Invalid', `tool "${name.slice(0, 100)}": ${problem}`, {
    hint: hint ?? 'See docs/adding-a-tool.md.',
    details: { tool: name.slice(0, 100) },
  });
}
