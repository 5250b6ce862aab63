import type { z } from 'zod';
import type { Tool } from './define-tool';
import { shorten } from './preview';

const MAX_ISSUES = 20;
const MAX_BYTES = 4_000;

export type CheckedArguments = { ok: true; input: unknown } | { ok: false; problem: string };

/** A call's arguments against its tool's schema. The problem names each wrong path and what was expected there. */
export async function checkArguments(tool: Tool, given: unknown): Promise<CheckedArguments> {
  try {
    // Models leave out the arguments of tools that need none.
    const parsed = await tool.input.safeParseAsync(given ?? {});
    return parsed.success ? { ok: true, input: parsed.data } : { ok: false, problem: explain(tool, parsed.error) };
  } catch (error) {
    // A schema's own code threw, or the value is nested too deep to walk.
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: shorten(`The arguments of ${tool.name} could not be checked: ${reason}`, MAX_BYTES) };
  }
}

function explain(tool: Tool, error: z.ZodError): string {
  const lines = error.issues.slice(0, MAX_ISSUES).map((issue) => `- ${lineOf(tool, issue)}`);
  if (error.issues.length > MAX_ISSUES) lines.push(`- and ${error.issues.length - MAX_ISSUES} more`);
  const text = [`Invalid arguments for ${tool.name}; nothing was run. Correct these and call again:`, ...lines];
  return shorten(text.join('\n'), MAX_BYTES);
}

function lineOf(tool: Tool, issue: z.core.$ZodIssue): string {
  const known = issue.code === 'unrecognized_keys' && issue.path.length === 0 ? knownKeys(tool) : '';
  return `${pathOf(issue.path)}: ${messageOf(issue)}${known}`;
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return issue.message.replace(/^Invalid input: /, '');
  const options = issue.errors.map((errors) => errors.map(nested).join(', '));
  return options.length > 0 ? `none of the alternatives fits: ${[...new Set(options)].join('; or ')}` : issue.message;
}

function nested(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? messageOf(issue) : `${pathOf(issue.path)}: ${messageOf(issue)}`;
}

function knownKeys(tool: Tool): string {
  return ` (known: ${Object.keys((tool.spec.inputSchema.properties as object | undefined) ?? {}).join(', ') || 'none'})`;
}

/** `['edits', 0, 'old']` → `edits[0].old`. */
function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(arguments)';
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
