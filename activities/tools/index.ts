import { ASK_HUMAN_SPEC } from '../../protocol/ask-human';
import { HoldfastError } from '../../protocol/failures';
import { TODO_SPEC } from '../../protocol/todo';
import type { ToolSpec } from '../../protocol/tool';
import { artifactRead } from './artifact-read';
import { calculator } from './calculator';
import { clockBetween, clockNow, clockShift } from './clock';
import type { Tool } from './define-tool';
import { filesInfo, filesList, filesWalk } from './files/look';
import { filesRead } from './files/read';
import { filesSearch } from './files/search';
import { filesCreate, filesDelete, filesEdit, filesWrite } from './files/write';
import { nearMisses } from './near-misses';

/** The tools every worker has. A new one is a line here. */
export const BUILTIN_TOOLS: readonly Tool[] = [
  filesRead,
  filesWrite,
  filesCreate,
  filesEdit,
  filesDelete,
  filesList,
  filesWalk,
  filesSearch,
  filesInfo,
  calculator,
  clockNow,
  clockShift,
  clockBetween,
  artifactRead,
];

/** Tools that are state of the run itself; the workflow carries them out. */
export const WORKFLOW_TOOLS: readonly ToolSpec[] = [TODO_SPEC, ASK_HUMAN_SPEC];

/**
 * What an agent lists under `tools`, as names of tools: a toolset stands for all its tools, a tool for itself. In the
 * order given, each once.
 * @throws HoldfastError `Tool.Unknown` naming what is like it.
 */
export function expandToolNames(
  names: readonly string[],
  tools: readonly { name: string; toolset?: string | undefined }[],
): string[] {
  const expanded = names.flatMap((name) => {
    const found = tools.filter((tool) => tool.name === name || tool.toolset === name);
    if (found.length > 0) return found.map((tool) => tool.name);
    throw unknownTool(name, [...new Set(tools.flatMap((tool) => [tool.toolset ?? tool.name, tool.name]))]);
  });
  return [...new Set(expanded)];
}

function unknownTool(name: string, known: string[]): HoldfastError {
  const near = nearMisses(name, known);
  const hint =
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known tools and toolsets: ${known.join(', ') || 'none'}.`;
  return new HoldfastError('Tool.Unknown', `there is no tool or toolset ${JSON.stringify(name.slice(0, 100))}`, {
    hint,
    details: { name: name.slice(0, 100), near },
  });
}
