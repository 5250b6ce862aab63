import path from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type AgentDefinition, agentDefinitionSchema } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';

/** What is wrong with an agent, and where. */
export interface AgentProblem {
  file: string;
  /** Unknown for agents written in TypeScript. */
  line?: number;
  /** The key, e.g. `limits.turns`; empty for the file as a whole. */
  path: string;
  message: string;
  hint: string;
}

/** An agent as its file has it: whole, or with what is wrong with it. */
export interface AgentSource {
  file: string;
  definition?: AgentDefinition;
  problems: AgentProblem[];
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
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line } = lines.linePos(error.pos[0]);
      return { file, line, path: '', message: error.message, hint: 'Mend the YAML syntax.' };
    });
    return { file, problems };
  }
  const value = plainOf(document);
  if (value instanceof Error) {
    const hint = 'Write out what the alias (*name) stands for.';
    return { file, problems: [{ file, line: 1, path: '', message: value.message, hint }] };
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    const hint = 'Write "name: …" and "instructions: …".';
    return { file, problems: [{ file, line: 1, path: '', message: 'not a mapping', hint }] };
  }
  const definition = { name: path.basename(file).replace(/\.ya?ml$/, ''), ...value };
  return readAgent(definition, file, (at) => {
    for (let depth = at.length; depth >= 0; depth--) {
      const node = document.getIn(at.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  });
}

/** Aliases are followed only here: one that leads nowhere, or a bomb of them, is found now. */
function plainOf(document: Document): Record<string, unknown> | null | Error {
  try {
    return document.toJS();
  } catch (error) {
    return error as Error;
  }
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

/** `agents/reporter.yaml:3: limits.turns: …` */
export function problemText({ file, line, path: key, message }: AgentProblem): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${key === '' ? '' : `${key}: `}${message}`;
}

/** @throws HoldfastError `Agent.Invalid` with the first problem. */
export function definitionOf({ definition, problems }: AgentSource): AgentDefinition {
  const [first, ...others] = problems;
  if (definition && !first) return definition;
  const problem = first as AgentProblem;
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
