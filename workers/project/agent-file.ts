import path from 'node:path';
import type { z } from 'zod';
import { type AgentDefinition, agentDefinitionSchema } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import { type FileProblem, problemText, readYaml } from './source-file';

/** An agent as its file has it: whole, or with what is wrong with it. */
export interface AgentSource {
  file: string;
  definition?: AgentDefinition;
  problems: FileProblem[];
  /** The line of a key; undefined for TypeScript. */
  lineOf?(at: PropertyKey[]): number;
}

/**
 * One agent from YAML text. The file's name is the agent's when the text gives none.
 * @throws HoldfastError `Agent.Invalid`, naming file, line, path and what was expected.
 */
export function parseAgentYaml(text: string, file: string): AgentDefinition {
  return definitionOf(readAgentYaml(text, file));
}

/** The one check for agents from YAML and from TypeScript. */
export function checkAgent(definition: unknown, file: string): AgentDefinition {
  return definitionOf(readAgent(definition, file));
}

/** As `parseAgentYaml`, with every problem instead of an error. */
export function readAgentYaml(text: string, file: string): AgentSource {
  const source = readYaml(text, file, 'Write "name: …" and "instructions: …".');
  if ('problems' in source) return { file, problems: source.problems };
  const definition = { name: path.basename(file).replace(/\.ya?ml$/, ''), ...source.value };
  return readAgent(definition, file, source.lineOf);
}

/** As `checkAgent`, with every problem instead of an error. */
export function readAgent(definition: unknown, file: string, lineOf?: (at: PropertyKey[]) => number): AgentSource {
  const parsed = agentDefinitionSchema.safeParse(definition);
  const shared = { file, ...(lineOf && { lineOf }) };
  if (parsed.success) return { ...shared, definition: definition as AgentDefinition, problems: [] };
  const problems = parsed.error.issues.map((issue) => ({
    file,
    ...(lineOf && { line: lineOf(keyPath(issue)) }),
    path: issue.path.join('.') || '(root)',
    message: issue.message,
    hint: hintFor(issue),
  }));
  return { ...shared, problems };
}

/** @throws HoldfastError `Agent.Invalid` with the first problem. */
export function definitionOf({ definition, problems }: AgentSource): AgentDefinition {
  const [first, ...others] = problems;
  if (definition && !first) return definition;
  const problem = first as FileProblem;
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  const { file, line, hint } = problem;
  throw new HoldfastError('Agent.Invalid', problemText(problem) + more, {
    hint,
    details: { place: line === undefined ? file : `${file}:${line}` },
  });
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
