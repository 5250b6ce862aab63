import type { CheckedEffect } from '../../protocol/effect';
import { capOutput, OUTPUT_BYTES } from './capped-output';
import { checkArguments } from './check-arguments';
import type { Tool } from './define-tool';
import { contextOf, type ToolCall } from './run-tool-call';
import { outputText } from './tool-output';

/** What the tool's own `check` says of an earlier attempt. What it throws is thrown: it is asked again. */
export async function checkToolCall(tool: Tool, call: ToolCall): Promise<CheckedEffect> {
  const prepared = await checkArguments(tool, call.arguments);
  // With arguments the tool never accepted it was never run.
  if (!prepared.ok) return { outcome: 'not-done' };
  const found = (await tool.check?.(prepared.input, contextOf(call, call.signal))) ?? { outcome: 'unknown' };
  if (found.outcome !== 'done') return { outcome: found.outcome };
  const text = outputText(found.result ?? 'Done: it had taken effect.');
  const capped = await capOutput(text, call.outputs, OUTPUT_BYTES, call.signal);
  return { outcome: 'done', message: { role: 'tool', callId: call.callId, name: call.name, outcome: 'ok', ...capped } };
}
