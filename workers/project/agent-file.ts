import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type AgentDefinition, agentDefinitionSchema } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';

/**
 * One agent from YAML text. The file's name is the agent's when the text gives none.
 * @throws HoldfastError `Agent.Invalid`, naming file, line, path and what was expected.
 */
export function parseAgentYaml(text: string, file: string): AgentDefinition {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors[0];
  if (syntax) throw invalid(`${file}:${lines.linePos(syntax.pos[0]).line}`, syntax.message, 'Mend the YAML syntax.');
  const value = document.toJS() as Record<string, unknown> | null;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw invalid(`${file}:1`, 'not a mapping', 'Write "name: …" and "instructions: …".');
  }
  const definition = { name: path.basename(file).replace(/\.ya?ml$/, ''), ...value };
  const lineOf = (at: PropertyKey[]): number => {
    for (let depth = at.length; depth >= 0; depth--) {
      const node = document.getIn(at.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  return checkAgent(definition, file, lineOf);
}

/** The one check for agents from YAML and from TypeScript. */
export function checkAgent(
  definition: unknown,
  file: string,
  lineOf?: (path: PropertyKey[]) => number,
): AgentDefinition {
  const parsed = agentDefinitionSchema.safeParse(definition);
  if (parsed.success) return definition as AgentDefinition;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const place = lineOf ? `${file}:${lineOf(keyPath(issue))}` : file;
  const more = parsed.error.issues.length > 1 ? ` (and ${parsed.error.issues.length - 1} more)` : '';
  throw invalid(place, `${issue.path.join('.') || '(root)'}: ${issue.message}${more}`, hintFor(issue));
}

/** An unknown key is reported at the key, not at the mapping that holds it. */
function keyPath(issue: z.core.$ZodIssue): PropertyKey[] {
  return issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] as string] : [...issue.path];
}

function hintFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(agentDefinitionSchema.shape).join(', ');
    return issue.path.length === 0 ? `Known keys: ${known}.` : 'Remove the key, or check its spelling.';
  }
  return 'See docs/agents.md for what each key means.';
}

function invalid(place: string, problem: string, hint: string): HoldfastError {
  return new HoldfastError('Agent.Invalid', `${place}: ${problem}`, { hint, details: { place } });
}
