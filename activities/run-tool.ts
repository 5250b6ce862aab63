import { createHash } from 'node:crypto';
import path from 'node:path';
import { activityInfo, CancelledFailure, Context, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { RunToolInput, ToolActivity } from '../protocol/activities';
import type { ToolMessage } from '../protocol/messages';
import { rootIdOf } from '../protocol/names';
import { withHeartbeat } from './heartbeat';
import { fromLease, type Lease } from './secrets/secrets';
import type { ActivityServices } from './services';
import { newMark, scopedParts, scopeOf, sessionKey } from './session-key';
import { toFailure } from './to-failure';
import type { Tool } from './tools/define-tool';
import type { Redactor } from './tools/redactor';
import { CallCancelled, runToolCall, type ToolCall } from './tools/run-tool-call';
import type { RetryLater, ToolLog } from './tools/tool';
import { openWorkspace, type Workspace } from './tools/workspace';

/** The activity of one tool. Its answer is a result the model reads, whatever the tool did. Its code may be replaced while the worker runs. */
export function createToolActivity(tool: Tool, services: ActivityServices): ToolActivity {
  return async function runTool(input) {
    try {
      const message = await withHeartbeat(({ signal, tell }) =>
        callTool(services.tools.get(tool.name) ?? tool, input, services, signal, tell),
      );
      services.streams.news(scopeOfCall(input));
      return message;
    } catch (error) {
      throw failureOf(error);
    }
  };
}

/** One call of a tool inside any activity of its run. */
export async function callTool(
  tool: Tool | undefined,
  input: RunToolInput,
  services: ActivityServices,
  signal: AbortSignal,
  tell: (details: unknown) => void,
): Promise<ToolMessage> {
  const call = await toolCallOf(tool, input, services, signal, tell);
  const message = { ...(await runToolCall(tool, call)), mark: newMark() };
  services.transcripts.keep(scopeOfCall(input), message);
  return message;
}

/** Of the session the call belongs to, in whichever workflow it runs. */
export function scopeOfCall({ session, firstRunId }: RunToolInput): string {
  return session === undefined ? sessionKey(firstRunId) : scopeOf(session, firstRunId);
}

/** All a call may use. */
export async function toolCallOf(
  tool: Tool | undefined,
  input: RunToolInput,
  services: ActivityServices,
  signal: AbortSignal,
  tell: (details: unknown) => void,
): Promise<ToolCall> {
  const { attempt, workflowExecution } = activityInfo();
  const scope = scopeOfCall(input);
  const parts = scopedParts(services.artifacts, scope);
  const { home, artifacts, secrets } = services;
  const { redactor } = secrets;
  const lease = await secrets.lease(scope, tool?.secrets ?? []);
  if (tool?.spec.effect !== 'once') throwUnavailable(lease);
  let workspace: Workspace | undefined;
  return {
    callId: input.callId,
    name: input.name,
    arguments: input.artifact ? JSON.parse((await parts.get(input.artifact)).toString('utf8')) : input.arguments,
    idempotencyKey: input.idempotencyKey,
    attempt,
    signal: cancellationOf(signal),
    get workspace() {
      workspace ??= openWorkspace({ ...runFolders(home, scope), mounts: input.mounts ?? [], hidden: [home] });
      return workspace;
    },
    correlationId: rootIdOf(input.session ?? workflowExecution?.workflowId ?? ''),
    log: redactedLog(redactor),
    progress: (details) => tell(redactor.value(details)),
    secret: (name) => fromLease(lease, name, input.name),
    redactor,
    readArtifact: (ref, range) => artifacts.get(scope, ref.id, range),
    outputs: { put: (source, mediaType) => artifacts.put(scope, source, mediaType) },
  };
}

/** Where a session's files and its write journal live; the journal is out of its tools' reach. */
export function runFolders(home: string, scope: string): { root: string; journal: string } {
  const name = `${scope
    .split(':')[0]
    ?.replace(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, 60)}-${createHash('sha256').update(scope).digest('hex').slice(0, 12)}`;
  return { root: path.join(home, 'runs', name, 'workspace'), journal: path.join(home, 'runs', name, 'journal') };
}

/** A store that is away for now is worth another attempt; a call that has one attempt is told instead, with nothing run. */
function throwUnavailable(lease: Lease): void {
  for (const value of lease.values()) {
    if (typeof value !== 'string' && value.code === 'Secret.Unavailable') throw value;
  }
}

function redactedLog(redactor: Redactor): ToolLog {
  const level = (name: keyof ToolLog) => (message: string, fields?: Record<string, unknown>) =>
    log[name](redactor.text(String(message)), redactor.value(fields));
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}

/** A wish of the run to stop is told apart from a worker that shuts down: only the first ends the call for good. */
function cancellationOf(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const context = Context.current();
  const abort = (): void => {
    const wanted = context.cancellationDetails?.cancelRequested === true;
    controller.abort(wanted ? new CallCancelled('the run was cancelled') : signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return controller.signal;
}

/** An activity's error as Temporal is to take it. */
export function failureOf(error: unknown): Error {
  if (error instanceof CancelledFailure) return error;
  if (error instanceof Error && error.name === 'RetryLater') {
    const { message, delayMs } = error as RetryLater;
    return ApplicationFailure.create({
      type: 'Tool.RetryLater',
      message,
      ...(delayMs !== undefined && { nextRetryDelay: delayMs }),
    });
  }
  return toFailure(error, activityInfo().attempt);
}
