import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileArtifactStore } from '../activities/stores/file-artifact-store';
import { isTool, type Tool } from '../activities/tools/define-tool';
import { loadModule } from '../activities/tools/load-tools';
import { runToolCall } from '../activities/tools/run-tool-call';
import { openWorkspace } from '../activities/tools/workspace';
import { HoldfastError } from '../protocol/failures';
import type { ToolMessage } from '../protocol/messages';

/** Which tool of the file, and which secrets it finds. */
export interface TryToolOptions {
  /** Which one, where the file exports several. Default: the first. */
  name?: string;
  /** What `context.secret(name)` gives. Default: nothing. */
  secrets?: Readonly<Record<string, string>>;
}

/**
 * Calls the tool of a file once, as a run would: arguments checked, in an empty workspace that is gone afterwards, with its result as
 * the model would read it. Needs no server.
 * @throws HoldfastError `Tool.Invalid` when the file has no such tool.
 *
 * @example
 * ```ts
 * import { tryTool } from 'holdfast/testing';
 *
 * test('an unknown order is an error the model can read', async () => {
 *   const { outcome, content } = await tryTool('tools/find-order.ts', { orderId: 'X-9' });
 *   expect(outcome).toBe('failed');
 *   expect(content).toContain('there is no order X-9');
 * });
 * ```
 */
export async function tryTool(file: string | URL, input: unknown, options: TryToolOptions = {}): Promise<ToolMessage> {
  const full = typeof file === 'string' ? path.resolve(file) : fileURLToPath(file);
  const tool = await toolOf(full, options.name);
  const home = await mkdtemp(path.join(tmpdir(), 'holdfast-try-'));
  try {
    const artifacts = new FileArtifactStore(path.join(home, 'artifacts'));
    const quiet = () => undefined;
    return await runToolCall(tool, {
      callId: 'call-1',
      name: tool.name,
      arguments: input,
      idempotencyKey: 'try:1:call-1',
      attempt: 1,
      signal: new AbortController().signal,
      workspace: await openWorkspace({
        root: path.join(home, 'workspace'),
        journal: path.join(home, 'journal'),
        mounts: [],
      }),
      correlationId: 'try',
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      progress: quiet,
      secret: (name) => secretOf(name, options.secrets),
      readArtifact: (ref, range) => artifacts.get('try', ref.id, range),
      outputs: { put: (source, mediaType) => artifacts.put('try', source, mediaType) },
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function toolOf(file: string, name: string | undefined): Promise<Tool> {
  const exported = Object.values(Object(await loadModule(file)) as Record<string, unknown>).flat();
  const found = exported.filter(isTool).find((tool) => name === undefined || tool.name === name);
  if (found) return found;
  throw new HoldfastError(
    'Tool.Invalid',
    `${path.basename(file)} exports no tool${name === undefined ? '' : ` "${name}"`}`,
  );
}

function secretOf(name: string, secrets: TryToolOptions['secrets'] = {}): string {
  const value = secrets[name];
  if (value !== undefined) return value;
  throw new HoldfastError('Config.Invalid', `there is no secret "${name}"`, { hint: 'Give it in the option secrets.' });
}
