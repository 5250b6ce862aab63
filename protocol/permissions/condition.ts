import type { Condition } from './rule';
import { exactly, loosely, type SubjectKind } from './text-match';

/** Whether a condition holds; `unsure` where the argument is missing, of another type, or only looks like it. */
export type Finding = 'yes' | 'no' | 'unsure';

/** The argument a rule without a name is about. */
export interface Subject {
  argument: string;
  kind: SubjectKind;
}

export function meetsCondition(condition: Condition, args: unknown, subject: Subject | undefined): Finding {
  const { argument, operator } = condition;
  if (!argument && !subject) return 'unsure';
  const path = argument ?? [(subject as Subject).argument];
  const kind = subject && path.join('.') === subject.argument ? subject.kind : 'text';
  const value = argumentAt(args, path);
  if (operator === '!=') return opposite(equals({ ...condition, operator: '=' }, value, kind));
  return operator === '=' ? equals(condition, value, kind) : compares(condition, value);
}

/** What stands at a path of the arguments; undefined where nothing does. */
export function argumentAt(args: unknown, path: readonly string[]): unknown {
  let at = args;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function equals(condition: Condition, value: unknown, kind: SubjectKind): Finding {
  const { value: wanted, literal } = condition;
  if (Array.isArray(value)) return ofAll(value.map((item) => equals(condition, item, kind)));
  if (typeof value === 'string') {
    if (exactly(kind, value, wanted, literal)) return 'yes';
    return loosely(kind, value, wanted, literal) || isSameNumber(value, wanted) ? 'unsure' : 'no';
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    const same = String(value) === wanted || (typeof value === 'number' && Number(wanted) === value);
    // Some schemas take one for the other.
    if (!same && /^(true|false)$/i.test(wanted) && typeof value === 'number') return 'unsure';
    return same || (!literal && exactly('text', String(value), wanted, false)) ? 'yes' : 'no';
  }
  // "anything" is also nothing.
  return !literal && /^\*\*+$/.test(wanted) ? 'yes' : 'unsure';
}

/** Some schemas take the text of a number for the number, however it is written: "0012", "1.2e1". */
function isSameNumber(text: string, wanted: string): boolean {
  return wanted.trim() !== '' && text.trim() !== '' && Number(text) === Number(wanted);
}

/** Of a list: a permission must hold for every item, a prohibition for one. */
function ofAll(findings: Finding[]): Finding {
  if (findings.length > 0 && findings.every((finding) => finding === 'yes')) return 'yes';
  return findings.length === 0 || findings.some((finding) => finding !== 'no') ? 'unsure' : 'no';
}

function compares({ operator, value: text }: Condition, value: unknown): Finding {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'unsure';
  const limit = Number(text);
  const holds = { '<': value < limit, '<=': value <= limit, '>': value > limit, '>=': value >= limit }[operator as '<'];
  return holds ? 'yes' : 'no';
}

function opposite(finding: Finding): Finding {
  if (finding === 'unsure') return 'unsure';
  return finding === 'yes' ? 'no' : 'yes';
}
