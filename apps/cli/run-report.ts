import path from 'node:path';
import { HoldfastError } from '../../protocol/failures';
import type { SessionResult } from '../../protocol/session';
import { NO_USAGE } from '../../protocol/usage';
import type { Context } from './context';
import type { Link } from './link';
import { webUrl } from './place';
import { filesIn, type WorkspaceFile } from './workspace-files';

/** A run by its id, not by a handle: the connection may have been replaced since it was started. */
export interface FollowedRun {
  id: string;
  /** False when the run existed already. */
  started: boolean;
}

/** Where a run is, beyond its id. */
export interface RunPlace {
  /** The first Temporal run of the session. */
  firstRunId: string;
  runId: string;
  webUrl?: string;
}

/** What is said of a run that has ended; with `--json` this is the document. */
export interface RunReport extends SessionResult {
  id: string;
  runId: string;
  /** False when the run existed already. */
  started: boolean;
  webUrl?: string;
  /** The run's files, where they are on this machine. */
  workspace?: { folder: string; files: WorkspaceFile[] };
}

/** @throws HoldfastError `Run.Unknown`, `Server.Unreachable`. */
export async function placeOfRun({ holdfast, place }: Link, id: string): Promise<RunPlace> {
  const { toClientError } = require('../../client/errors') as typeof import('../../client/errors');
  try {
    const { runId, raw } = await holdfast.temporal.workflow.getHandle(id).describe();
    const firstRunId = raw.workflowExecutionInfo?.firstRunId || runId;
    const url = webUrl(place, id, firstRunId);
    return { runId, firstRunId, ...(url !== undefined && { webUrl: url }) };
  } catch (error) {
    throw toClientError(error, id);
  }
}

/**
 * The report of a run that is over.
 * @throws HoldfastError with the run's own failure.
 */
export async function reportOf(context: Context, link: Link, run: FollowedRun): Promise<RunReport> {
  const { firstRunId, ...place } = await placeOfRun(link, run.id);
  const result = await resultOf(link, run);
  const workspace = workspaceOf(context, run.id, firstRunId);
  return { id: run.id, started: run.started, ...place, ...result, ...(workspace && { workspace }) };
}

export function workspaceOf({ home }: Context, id: string, firstRunId: string): RunReport['workspace'] {
  const { runWorkspace } = require('../../workers/run-workspace') as typeof import('../../workers/run-workspace');
  const folder = runWorkspace(home, id, firstRunId);
  const files = filesIn(folder);
  return files.length > 0 ? { folder: shownPath(folder), files } : undefined;
}

/** Relative to where the user is, unless that is longer. */
export function shownPath(folder: string): string {
  const relative = path.relative(process.cwd(), folder);
  return relative.startsWith('..') ? folder : relative || '.';
}

/** What a cancelled run had spent is known to its worker only; that it was cancelled is known without. */
async function resultOf(link: Link, run: FollowedRun): Promise<SessionResult> {
  try {
    return await link.holdfast.get(run.id).result();
  } catch (error) {
    const { status, agent } = await link.holdfast.describe(run.id);
    const failed = HoldfastError.is(error) && error.code !== 'Server.Unreachable';
    if (failed || status !== 'cancelled') throw error;
    return { ...CANCELLED, agent: agent ?? '' };
  }
}

const CANCELLED: SessionResult = {
  output: null,
  stopReason: 'cancelled',
  detail: 'what it had used is not known while no worker runs',
  agent: '',
  revision: '',
  model: '',
  turns: 0,
  toolCalls: 0,
  usage: NO_USAGE,
  costUsd: 0,
  costIncomplete: true,
  simulated: false,
  length: 0,
};
