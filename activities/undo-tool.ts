import type { RunToolInput, ToolActivity } from '../protocol/activities';
import { undoNameOf } from '../protocol/compensation';
import { withHeartbeat } from './heartbeat';
import { failureOf, scopeOfCall, toolCallOf } from './run-tool';
import type { ActivityServices } from './services';
import type { Tool } from './tools/define-tool';
import { runToolCall } from './tools/run-tool-call';

/** The activity of a tool's undo: a call with the arguments of the one it undoes. What becomes of it is a result, as of any call. */
export function createUndoActivity(tool: Tool, services: ActivityServices): ToolActivity {
  return async function undoTool(input) {
    try {
      return await withHeartbeat(async ({ signal, tell }) => {
        const undo = undoOf(services.tools.get(tool.name) ?? tool, await resultOf(input, services));
        return runToolCall(undo, await toolCallOf(undo, input, services, signal, tell));
      });
    } catch (error) {
      throw failureOf(error);
    }
  };
}

/** An effect of its own, which takes place once whatever the tool itself is. */
function undoOf(tool: Tool, result: unknown): Tool {
  return {
    ...tool,
    name: undoNameOf(tool.name),
    spec: { ...tool.spec, effect: 'once', maxAttempts: 1 },
    execute(input, context) {
      if (!tool.undo) throw new Error(`${tool.name} has no undo any more`);
      return tool.undo(input, result, context);
    },
  };
}

/** What the call gave, whole. */
async function resultOf(input: RunToolInput, { artifacts }: ActivityServices): Promise<unknown> {
  const { undoes } = input;
  if (!undoes) return undefined;
  const { artifact, mediaType } = undoes;
  const text = artifact ? (await artifacts.get(scopeOfCall(input), artifact.id)).toString('utf8') : undoes.content;
  if (mediaType !== 'application/json') return text;
  try {
    return JSON.parse(text);
  } catch {
    // It was cut: more than is kept of any output.
    return text;
  }
}
