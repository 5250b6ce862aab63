import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What is wrong with a value, in one line a person can act on; `whole` is what the value itself is called. */
export function problemsOf(error: z.ZodError, whole = '(options)'): string {
  return error.issues.map((issue) => textOf(issue, [], whole)).join('; ');
}

function textOf(issue: Issue, before: PropertyKey[], whole: string): string {
  const path = [...before, ...issue.path];
  const inner = issue.code === 'invalid_union' ? meant(issue.errors) : undefined;
  if (inner) return textOf(inner, path, whole);
  return `${path.map(String).join('.') || whole}: ${issue.message}`;
}

/** Of the forms a value may have, the one that was meant: whose check came furthest, or has words of its own. */
function meant(errors: readonly (readonly Issue[])[]): Issue | undefined {
  const candidates = errors.flat().filter((issue) => issue.code !== 'invalid_type');
  const depth = (issue: Issue): number => issue.path.length + (issue.code === 'invalid_value' ? 0 : 1);
  return candidates.sort((one, other) => depth(other) - depth(one))[0];
}
