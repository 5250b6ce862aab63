import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileArtifactStore } from '../../../activities/stores/file-artifact-store';
import type { Tool } from '../../../activities/tools/define-tool';
import { runToolCall, type ToolCall } from '../../../activities/tools/run-tool-call';
import { openWorkspace, type Workspace, type WorkspaceOptions } from '../../../activities/tools/workspace';
import type { ToolMessage } from '../../../protocol/messages';

/** A run's folders and stores on disk, and calls made with them. */
export interface TestRun {
  folder: string;
  workspace: Workspace;
  artifacts: FileArtifactStore;
  progress: unknown[];
  /** Runs a call as an activity would; `key` defaults to a new one. */
  call(tool: Tool | undefined, args: unknown, options?: Partial<ToolCall>): Promise<ToolMessage>;
  /** As `call`, and the parsed content of an `ok` result; throws otherwise. */
  ok<T = Record<string, unknown>>(tool: Tool, args: unknown, options?: Partial<ToolCall>): Promise<T>;
  /** The text of a `failed` result; throws otherwise. */
  failure(tool: Tool, args: unknown, options?: Partial<ToolCall>): Promise<string>;
  close(): Promise<void>;
}

export async function openTestRun(options: Partial<WorkspaceOptions> = {}): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-run-'));
  const workspace = openWorkspace({ root: join(folder, 'root'), journal: join(folder, 'journal'), ...options });
  const artifacts = new FileArtifactStore(join(folder, 'artifacts'));
  const progress: unknown[] = [];
  let calls = 0;
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const call: TestRun['call'] = (tool, args, overrides = {}) => {
    const id = `call-${++calls}`;
    return runToolCall(tool, {
      callId: id,
      name: tool?.name ?? 'no_such_tool',
      arguments: args,
      idempotencyKey: id,
      attempt: 1,
      signal: new AbortController().signal,
      workspace,
      correlationId: 'run-1',
      log: quiet,
      progress: (details) => progress.push(details),
      secret: (name) => `secret of ${name}`,
      readArtifact: (ref, range) => artifacts.get('run-1', ref.id, range),
      outputs: { put: (source, mediaType) => artifacts.put('run-1', source, mediaType) },
      ...overrides,
    });
  };
  const expecting = async (outcome: string, ...args: Parameters<typeof call>): Promise<string> => {
    const message = await call(...args);
    if (message.outcome !== outcome) throw new Error(`expected ${outcome}, got ${JSON.stringify(message)}`);
    return message.content;
  };
  return {
    folder,
    workspace,
    artifacts,
    progress,
    call,
    ok: async (...args) => JSON.parse(await expecting('ok', ...args)),
    failure: (...args) => expecting('failed', ...args),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
