import { HoldfastError } from '../../protocol/failures';
import type { WaitsFor } from '../../protocol/permissions/view';
import { askInline } from './approvals/ask-inline';
import { leftWaiting, waitingLines } from './approvals/waiting';
import type { Carrier } from './carrier';
import type { Context } from './context';
import { EXIT, type ExitCode, exitCodeOfStop } from './exit-codes';
import { followRun } from './follow/follow-run';
import type { StreamedText } from './follow/live-text';
import { linesOf } from './follow/progress-lines';
import { answerText, type Ending, endingLines } from './follow/result-text';
import { runView } from './follow/run-view';
import { type Status, StatusLine } from './follow/status-line';
import { lostText } from './lost-connection';
import { type FollowedRun, placeOfRun, type RunReport, reportOf } from './run-report';
import { selfCommand } from './self-command';

export interface FollowToEndOptions {
  /** With `--json`: a line for each step instead of one document at the end. */
  stream: boolean;
  /** Told of older messages: only so many. */
  last?: number;
  /** Ctrl-C. The caller keeps it until everything is closed, so that a second one leaves at once. */
  interrupt: AbortSignal;
  /** When the run began and, if it is over already, ended: milliseconds since epoch. */
  since: number;
  until?: number;
  onEnd?: (report: RunReport) => void;
}

/**
 * Shows what a run does until it is over, or until Ctrl-C, which leaves the run alone. Where nobody sits at a terminal, it ends too
 * when the run waits for people.
 */
export async function followToEnd(
  context: Context,
  carrier: Carrier,
  run: FollowedRun,
  options: FollowToEndOptions,
): Promise<ExitCode> {
  const { out } = context;
  try {
    const waits = await showProgress(context, carrier, run, options);
    if (waits) return leftWaiting(context, run, waits, { stream: options.stream, carriesOn: carrier.carriesOn });
    if (options.interrupt.aborted) return detached(context, carrier, run.id);
    return await tellEnd(context, carrier, run, options).finally(() => carrier.seen(run.id));
  } catch (error) {
    if (options.stream && HoldfastError.is(error)) {
      const { code, message, hint } = error;
      out.jsonLine({ type: 'run-failed', at: now(), id: run.id, error: { code, message, hint } });
    }
    throw error;
  }
}

async function tellEnd(
  context: Context,
  carrier: Carrier,
  run: FollowedRun,
  options: FollowToEndOptions,
): Promise<ExitCode> {
  const { out } = context;
  const report = await reportOf(context, carrier.link, run);
  options.onEnd?.(report);
  if (options.stream) out.jsonLine({ type: 'run-ended', at: now(), ...report });
  else out.data(report, () => answerText(report));
  out.say();
  for (const line of endingLines(endingOf(context, carrier, report, options), out.note)) out.say(line);
  return exitCodeOfStop(report.stopReason);
}

async function showProgress(
  context: Context,
  carrier: Carrier,
  run: FollowedRun,
  { stream, last, interrupt: signal, ...times }: FollowToEndOptions,
): Promise<readonly WaitsFor[] | undefined> {
  const { out } = context;
  const attended = process.stdin.isTTY === true && !out.json;
  const elapsed = (): number => elapsedOf(times);
  const line = new StatusLine(out, elapsed);
  const onLost = (): void => out.say(lostText(context, carrier));
  const view = runView(carrier, run.id, { signal, onLost });
  const { holdfast } = carrier.link;
  const left = new AbortController();
  const ended = holdfast.temporal.withAbortSignal(left.signal, () => holdfast.get(run.id).result());
  const live = out.live || stream ? await liveText(context, carrier, run.id) : undefined;
  let modelCalled = false;
  try {
    const following = { signal, ended, ...(last !== undefined && { last }), ...(live && { live }) };
    for await (const progress of followRun(view, following)) {
      if (!modelCalled && progress.type === 'status' && progress.phase !== 'starting') {
        modelCalled = true;
        out.phase('first model call');
      }
      if (progress.type === 'status') line.update(progress);
      else if (stream) out.jsonLine({ ...progress, at: now() });
      if (progress.type === 'text-delta' || progress.type === 'text-dropped' || progress.type === 'turn-finished') {
        line.say(progress);
      }
      if (progress.type === 'approval-asked') {
        line.rest();
        line.print(waitingLines(context, progress));
        if (attended) await askInline(context, carrier.link.holdfast, progress, signal);
      } else line.print(linesOf(progress, out.note, elapsed()));
      if (!attended && progress.type === 'status' && rests(progress)) return progress.waitsFor;
    }
  } finally {
    left.abort();
    line.close();
    await live?.close();
  }
  return undefined;
}

/** Whether nothing goes on but people's thinking. */
function rests({ running, waitsFor }: Status): boolean {
  return waitsFor.length > 0 && running.length === 0;
}

/** What the model says, where a bus brings it; without one the run is followed message by message. */
export async function liveText(
  { env, home }: Context,
  carrier: Carrier,
  id: string,
): Promise<StreamedText | undefined> {
  const { openStreams } = require('../../streams/open-streams') as typeof import('../../streams/open-streams');
  const streams = openStreams({ env, home });
  if (!streams) return undefined;
  const { StreamedText } = require('./follow/live-text') as typeof import('./follow/live-text');
  const { streamTopic } = require('../../protocol/stream') as typeof import('../../protocol/stream');
  try {
    const { firstRunId } = await placeOfRun(carrier.link, id);
    return new StreamedText(streams, streamTopic(id, firstRunId));
  } catch {
    // A server that is not there now is waited for elsewhere.
    await streams.close();
    return undefined;
  }
}

function detached({ out, env, placeFlags }: Context, carrier: Carrier, id: string): ExitCode {
  const self = selfCommand(env);
  out.log(`\nDetached; the run ${id} is not cancelled.\n`);
  if (!carrier.carriesOn) out.log(`  it goes on with   ${self} dev${placeFlags}\n`);
  out.log(`  come back with    ${self} runs watch ${id}${placeFlags}\n`);
  out.log(`  stop it with      ${self} runs stop ${id}${placeFlags}\n`);
  return EXIT.detached;
}

function endingOf(
  { env, placeFlags }: Context,
  carrier: Carrier,
  report: RunReport,
  times: FollowToEndOptions,
): Ending {
  const { id, webUrl, workspace } = report;
  const self = selfCommand(env);
  const dev = `${self} dev${placeFlags}`;
  const show = `${self} runs show ${id}${placeFlags}`;
  const next = carrier.carriesOn ? [show] : [`${dev}   # keeps Temporal and its Web UI open`, show];
  const url = webUrl && !carrier.carriesOn ? `${webUrl}   (while \`${dev}\` runs)` : webUrl;
  return { result: report, id, elapsedMs: elapsedOf(times), webUrl: url, workspace, next };
}

function elapsedOf({ since, until = Date.now() }: Pick<FollowToEndOptions, 'since' | 'until'>): number {
  // Never below nothing, where the clock was set back meanwhile.
  return Math.max(0, until - since);
}

function now(): string {
  return new Date().toISOString();
}
