import { InvalidArgumentError } from 'commander';

/** Values of flags; commander prints the message beside the flag's name. */

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

export function positiveInteger(text: string): number {
  const value = positiveNumber(text);
  if (Number.isInteger(value)) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

export function nonNegativeInteger(text: string): number {
  if (/^\d{1,9}$/.test(text.trim())) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 0 or above.');
}

/** For flags that may be given several times. */
export function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** `NAME=VALUE`, given several times. */
export function variables(text: string, before: Record<string, string> | undefined): Record<string, string> {
  const { variablesProblem } = require('../../protocol/variables') as typeof import('../../protocol/variables');
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be NAME=VALUE.');
  const problem = variablesProblem({ [name]: value });
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return { ...before, [name]: value };
}

/** `30s`, `2 minutes`; milliseconds. */
export function durationMs(text: string): number {
  const { durationSchema } = require('../../protocol/duration') as typeof import('../../protocol/duration');
  const parsed = durationSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('It must be a length of time, e.g. 30s.');
}

/** Of every command that acts on a run or a schedule. */
export const WHY = ['--reason <text>', 'why; kept beside what is done'] as const;
