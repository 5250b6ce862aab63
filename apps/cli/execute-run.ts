import { writeFileSync } from 'node:fs';
import type { HoldfastClient, RunHandle } from '../../client';
import { HoldfastError } from '../../protocol/failures';
import type { Mount } from '../../protocol/session';
import { Carrier } from './carrier';
import type { Context } from './context';
import { EXIT, type ExitCode } from './exit-codes';
import { followToEnd } from './follow-to-end';
import { onInterrupt } from './interruption';
import { webUrl } from './place';
import type { RunReport } from './run-report';
import { localTime } from './run-table';
import { selfCommand } from './self-command';

export interface RunRequest {
  /** Empty for a fork: the agent of the forked run. */
  agent: string;
  /** Null for a fork that goes on from where it is. */
  input: string | null;
  /** The run to begin with, and how many of its messages; all by default. */
  fork?: { id: string; at?: number };
  id?: string;
  budgetUsd?: number;
  /** What it spends from. */
  account?: string;
  model?: string;
  mounts: Mount[];
  /** What stands for `{{name}}`. */
  variables?: Record<string, string>;
  /** The run begins after this, milliseconds, or then; nothing waits for it here. */
  startDelay?: number;
  startAt?: Date;
  /** File for the answer. */
  outFile?: string;
  /** Return as soon as the run is accepted. */
  detach?: boolean;
  /** With `--json`: a line for each step. */
  follow?: boolean;
}

/** Starts a run, or finds the one of that id, and sees it through. */
export async function executeRun(context: Context, request: RunRequest): Promise<ExitCode> {
  const since = Date.now();
  const begins = beginning(request, since);
  const detach = request.detach === true || begins !== undefined;
  const carrier = await Carrier.open(context, !detach);
  const interruption = onInterrupt();
  try {
    const run = await startRun(carrier.link.holdfast, request);
    context.out.phase('run accepted');
    announce(context, run);
    if (begins && run.started) context.out.say(`It begins ${localTime(begins)}.`);
    if (detach) return accepted(context, carrier, run);
    const stream = context.out.json && request.follow === true;
    if (stream)
      context.out.jsonLine({ type: 'run-accepted', at: new Date().toISOString(), ...acceptance(carrier, run) });
    const onEnd = (report: RunReport): void => {
      if (request.outFile !== undefined) writeAnswer(request.outFile, report);
    };
    const times = run.started ? { since } : await timesOf(carrier, run.id);
    return await followToEnd(context, carrier, run, {
      stream,
      interrupt: interruption.signal,
      ...times,
      onEnd,
    });
  } finally {
    await carrier.close();
    interruption.release();
  }
}

function beginning({ startDelay, startAt }: RunRequest, now: number): Date | undefined {
  return startAt ?? (startDelay === undefined ? undefined : new Date(now + startDelay));
}

function startRun(holdfast: HoldfastClient, request: RunRequest): Promise<RunHandle> {
  const { agent, input, fork, id, budgetUsd, account, model, mounts, variables, startDelay, startAt } = request;
  const options = {
    input,
    ...(id !== undefined && { id }),
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(account !== undefined && { account }),
    ...(model !== undefined && { model }),
    ...(mounts.length > 0 && { mounts }),
    ...(variables && { variables }),
    ...(startDelay !== undefined && { startDelay }),
    ...(startAt !== undefined && { startAt }),
  };
  if (!fork) return holdfast.start(agent, options);
  const { id: source, at } = fork;
  return holdfast.fork(source, { ...options, ...(agent !== '' && { agent }), ...(at !== undefined && { at }) });
}

/** When a run that existed already began and, if it is over, ended. */
export async function timesOf(carrier: Carrier, id: string): Promise<{ since: number; until?: number }> {
  const { startedAt, closedAt } = await carrier.link.holdfast.describe(id);
  return { since: startedAt.getTime(), ...(closedAt && { until: closedAt.getTime() }) };
}

function announce({ out }: Context, { id, started }: RunHandle): void {
  if (started) out.say(`run ${out.note.bold(id)}`);
  else out.say(`The run ${out.note.bold(id)} exists already; nothing new was started.`);
}

function acceptance(carrier: Carrier, run: RunHandle) {
  const { place } = carrier.link;
  return { id: run.id, runId: run.runId, started: run.started, webUrl: webUrl(place, run.id, run.runId) };
}

function accepted(context: Context, carrier: Carrier, run: RunHandle): ExitCode {
  const { out, env, placeFlags } = context;
  out.data({ ...acceptance(carrier, run), carriedOn: carrier.carriesOn }, () => run.id);
  const self = selfCommand(env);
  if (!carrier.carriesOn) {
    out.say(`Accepted and kept, but nothing runs that could carry it on: ${self} dev${placeFlags} continues it.`);
  }
  out.say(`See what it does: ${self} runs watch ${run.id}${placeFlags}`);
  return EXIT.done;
}

function writeAnswer(file: string, { output }: RunReport): void {
  try {
    writeFileSync(file, typeof output === 'string' ? output : `${JSON.stringify(output, null, 2)}\n`);
  } catch (cause) {
    throw new HoldfastError('Input.Invalid', `the answer cannot be written: ${(cause as Error).message}`, {
      hint: 'The run itself is done; `holdfast runs show ID` prints the answer.',
      cause,
    });
  }
}
