import type { ToolSpec } from '../tool';
import { meetsCondition } from './condition';
import type { Condition, Rule } from './rule';

/**
 * Arguments that a rule applies to for sure: what a check of an agent asks the rules about. Undefined where no such arguments were
 * found, `never` where there are none.
 */
export function witnessOf({ conditions }: Rule, spec: ToolSpec): Record<string, unknown> | 'never' | undefined {
  const witness = ordinary(spec);
  for (const [path, own] of byArgument(conditions, spec)) {
    const type = typeOf(spec, path);
    const found = own
      .flatMap((condition) => candidates(condition, type))
      .map((value) => placed({}, path, value))
      .find((args) => own.every((condition) => meetsCondition(condition, args, spec.subject) === 'yes'));
    if (!found) return own.every(isExact) ? 'never' : undefined;
    merge(witness, found);
  }
  return witness;
}

/** Arguments that no rule is likely to be about: rules on others than those asked about shall not be in doubt. */
function ordinary({ inputSchema }: ToolSpec): Record<string, unknown> {
  const properties = Object(inputSchema.properties) as Record<string, { type?: string }>;
  return Object.fromEntries(
    Object.entries(properties).map(([name, { type }]) => [name, ORDINARY[type ?? 'string'] ?? 'other']),
  );
}

const ORDINARY: Record<string, unknown> = { number: 0, integer: 0, boolean: false, array: ['other'], object: {} };

/** Conditions by the argument they are about. */
function byArgument(conditions: readonly Condition[], { subject }: ToolSpec): Map<string, Condition[]> {
  const found = new Map<string, Condition[]>();
  for (const condition of conditions) {
    const path = condition.argument?.join('.') ?? subject?.argument ?? '';
    found.set(path, [...(found.get(path) ?? []), condition]);
  }
  return found;
}

/** Of numbers and literal texts it can be told whether they exclude each other. */
function isExact({ operator, value, literal }: Condition): boolean {
  return operator !== '!=' && (literal || /[<>]/.test(operator) || !value.includes('*'));
}

function candidates({ operator, value, literal }: Condition, type: string): unknown[] {
  const number = Number(value);
  if (/[<>]/.test(operator)) return [number, number - 1, number + 1, number - 0.001, number + 0.001];
  const text = literal ? value : value.replace(/\*+/g, 'x');
  const bare = literal ? value : value.replace(/\*+/g, '');
  if (operator === '!=') return [`${text}x`, number + 1, 0];
  if (type === 'boolean') return [value === 'true', text];
  return Number.isFinite(number) && value.trim() !== '' ? [number, text] : [text, bare];
}

function typeOf({ inputSchema }: ToolSpec, path: string): string {
  const properties = Object(inputSchema.properties) as Record<string, { type?: string }>;
  return properties[path]?.type ?? 'string';
}

function placed(into: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [first = '', ...rest] = path.split('.');
  into[first] = rest.length === 0 ? value : placed({}, rest.join('.'), value);
  return into;
}

function merge(into: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(from)) {
    const own = into[key];
    if (typeof own === 'object' && own !== null && typeof value === 'object' && value !== null) {
      merge(own as Record<string, unknown>, value as Record<string, unknown>);
    } else into[key] = value;
  }
}
