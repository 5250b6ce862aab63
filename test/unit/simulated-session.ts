import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fitContext } from '../../activities/model/fit-context';
import type { ModelDelta, ModelReply, ModelRequest } from '../../activities/providers/provider';
import { createSimulatedProvider } from '../../activities/providers/simulated';
import { BUILTIN_TOOLS, WORKFLOW_TOOLS } from '../../activities/tools';
import type { Tool } from '../../activities/tools/define-tool';
import { runToolCall } from '../../activities/tools/run-tool-call';
import { openWorkspace } from '../../activities/tools/workspace';
import type { JsonSchema } from '../../protocol/json';
import type { Message, ToolCallPart, ToolMessage } from '../../protocol/messages';
import type { Mount, TodoItem } from '../../protocol/session';
import { applyTodo } from '../../protocol/todo';
import type { ToolSpec } from '../../protocol/tool';

/** A session without Temporal: the simulated provider, real tools, and a context that may be small. */
export interface FakeSession {
  task: string;
  tools?: readonly string[];
  extraTools?: readonly Tool[];
  mounts?: Mount[];
  outputSchema?: JsonSchema;
  /** Tokens of context; earlier messages are dropped to fit. */
  contextTokens?: number;
  /** Messages at the start that are never dropped. Default 1. */
  keepFirst?: number;
  /** Replaces a result. */
  tamper?(result: ToolMessage, call: ToolCallPart): ToolMessage;
  maxTurns?: number;
}

export interface FakeSessionEnd {
  answer: string;
  turns: number;
  messages: Message[];
  calls: ToolCallPart[];
  todos: TodoItem[];
  dropped: boolean;
  /** The written file's text; undefined when there is none. */
  report: string | undefined;
}

export const provider = createSimulatedProvider();

export function request(messages: Message[], given: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'rules',
    instructions: 'Be brief.',
    messages,
    tools: [],
    parameters: { maxOutputTokens: 8_192 },
    ...given,
  };
}

export function userMessage(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }] };
}

export async function complete(given: ModelRequest, onDelta?: (delta: ModelDelta) => void): Promise<ModelReply> {
  return provider.complete(given, { signal: new AbortController().signal, ...(onDelta && { onDelta }) });
}

export function toolSpecs(names: readonly string[], extra: readonly Tool[] = []): ToolSpec[] {
  const all = [...BUILTIN_TOOLS.map(({ spec }) => spec), ...WORKFLOW_TOOLS, ...extra.map(({ spec }) => spec)];
  return all.filter(({ name }) => names.includes(name) || extra.some((tool) => tool.name === name));
}

export const FILE_TOOLS = ['files_walk', 'files_list', 'files_read', 'files_write', 'calculator', 'todo', 'clock_now'];

export async function runSession(session: FakeSession): Promise<FakeSessionEnd> {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-simulated-'));
  try {
    return await drive(session, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function drive(session: FakeSession, folder: string): Promise<FakeSessionEnd> {
  const { outputSchema, tools: names = FILE_TOOLS, extraTools = [], maxTurns = 500 } = session;
  const tools = toolSpecs(names, extraTools);
  const root = path.join(folder, 'workspace');
  const workspace = openWorkspace({ root, journal: path.join(folder, 'journal'), mounts: session.mounts ?? [] });
  const end = {
    messages: [userMessage(session.task)],
    calls: [] as ToolCallPart[],
    todos: [] as TodoItem[],
    dropped: false,
  };
  for (let turns = 1; turns <= maxTurns; turns++) {
    const bare = request(fitted(session, end), { tools, ...(outputSchema && { outputSchema }) });
    const { message } = await complete(bare);
    end.messages.push(message);
    const calls = message.content.filter((part) => part.type === 'tool-call');
    if (calls.length === 0) {
      const answer = message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
      return { ...end, answer, turns, report: readIfThere(path.join(root, 'report.md')) };
    }
    for (const call of calls) {
      const result = await runOne(call, turns);
      end.messages.push(session.tamper?.(result, call) ?? result);
      end.calls.push(call);
    }
  }
  throw new Error(`no answer after ${maxTurns} turns`);

  async function runOne(call: ToolCallPart, turn: number): Promise<ToolMessage> {
    if (call.name === 'todo') {
      const applied = applyTodo(end.todos, call.arguments);
      if ('error' in applied) throw new Error(applied.error);
      end.todos = applied.todos;
      return {
        role: 'tool',
        callId: call.id,
        name: 'todo',
        outcome: 'ok',
        content: applied.content,
        mediaType: 'text/plain',
      };
    }
    const tool = [...BUILTIN_TOOLS, ...extraTools].find(({ name }) => name === call.name);
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    return runToolCall(tool, {
      callId: call.id,
      name: call.name,
      arguments: call.arguments,
      idempotencyKey: `run:${turn}:${call.id}`,
      attempt: 1,
      signal: new AbortController().signal,
      workspace,
      correlationId: 'run',
      log,
      progress: () => undefined,
      secret: () => '',
      readArtifact: () => Promise.reject(new Error('no artifacts')),
      outputs: { put: () => Promise.resolve({ id: 'sha256:0', bytes: 0, mediaType: 'text/plain' }) },
    });
  }
}

/** Without their large parts, as `activities/model/request.ts` does it. */
function fitted(
  { contextTokens, keepFirst = 1 }: FakeSession,
  end: { messages: Message[]; dropped: boolean },
): Message[] {
  if (contextTokens === undefined) return end.messages;
  const tokensOf = (message: Message): number =>
    provider.countTokens(request([message], { instructions: '' })) as number;
  const fit = fitContext({
    head: [],
    keepFirst,
    messages: end.messages,
    contextFrom: 0,
    fixedTokens: 100,
    maxTokens: contextTokens,
    tokensOf,
  });
  if (!fit) throw new Error('the context does not fit');
  end.dropped ||= fit.messages.length < end.messages.length;
  return fit.messages;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
