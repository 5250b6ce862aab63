import { HoldfastError } from '../../protocol/failures';
import type { ToolMessage, ToolOutcome } from '../../protocol/messages';
import { storageError } from '../../protocol/storage';
import { type CappedOutput, capOutput, OUTPUT_BYTES, type OutputStore } from './capped-output';
import { checkArguments } from './check-arguments';
import type { Tool } from './define-tool';
import { shorten } from './preview';
import type { Redactor } from './redactor';
import { RetryLater, type ToolContext } from './tool';
import { NotSerialisable, type OutputText, outputText } from './tool-output';

/** Bytes an error's text may have in a result. */
const ERROR_BYTES = 4_000;

/** One call of a tool, and all it may use. */
export interface ToolCall extends ToolContext {
  callId: string;
  /** The name the model called; shown when there is no such tool. */
  name: string;
  arguments: unknown;
  /** Where outputs above 64 kB go: the artifact store, bound to the run. */
  outputs: OutputStore;
  /** Takes secrets out of what the model, the history or a log is about to see. Default: there are none. */
  redactor?: Redactor;
  /** Bytes kept of an output. Default 10 MB. */
  outputBytes?: number;
}

/**
 * The reason to abort a call's signal with when the run no longer wants it: the call then ends as a `cancelled` result.
 * Any other reason (the worker shuts down, the attempt was taken away) is rethrown, for the engine to try again.
 */
export class CallCancelled extends Error {
  override readonly name = 'CallCancelled';
}

/**
 * Runs one call: arguments, execution, output. Whatever the tool does becomes a result the model reads, small enough for
 * the history.
 * @throws RetryLater when the tool asks for another attempt; HoldfastError `Storage.Full` while one may help; the signal's
 * reason when it aborts for the infrastructure's sake. Nothing else.
 */
export async function runToolCall(tool: Tool | undefined, call: ToolCall): Promise<ToolMessage> {
  if (tool === undefined) {
    return resultOf(call, 'unknown-tool', `There is no tool ${JSON.stringify(shorten(call.name, 100))}.`);
  }
  const deadline = new Deadline(tool.spec.timeoutMs, call.signal);
  try {
    const prepared = await deadline.race(checkArguments(tool, call.arguments));
    if (!prepared.ok) return resultOf(call, 'invalid-arguments', prepared.problem);
    const output = await deadline.race(execute(tool, prepared.input, call, deadline.signal));
    return await finalise(output, tool, call, deadline);
  } catch (error) {
    return failureOf(error, tool, call, deadline);
  } finally {
    deadline.clear();
  }
}

async function execute(tool: Tool, input: unknown, call: ToolCall, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  return tool.execute(input, contextOf(call, signal));
}

/** Only what the contract names: a tool must not come to rely on more. */
export function contextOf(call: ToolCall, signal: AbortSignal): ToolContext {
  const { idempotencyKey, attempt, correlationId, log } = call;
  return {
    idempotencyKey,
    attempt,
    signal,
    // Opened when a tool asks for it: most calls touch no file.
    get workspace() {
      return call.workspace;
    },
    correlationId,
    log,
    progress: (details) => call.progress(details),
    secret: (name) => call.secret(name),
    readArtifact: (ref, range) => call.readArtifact(ref, range),
  };
}

async function finalise(output: unknown, tool: Tool, call: ToolCall, deadline: Deadline): Promise<ToolMessage> {
  let full: HoldfastError | undefined;
  const outputs: OutputStore = {
    async put(source, mediaType) {
      try {
        return await call.outputs.put(source, mediaType);
      } catch (error) {
        full = spaceMissing(error);
        throw error;
      }
    },
  };
  const text = redacted(outputText(output), call);
  const capped = await capOutput(text, outputs, call.outputBytes ?? OUTPUT_BYTES, deadline.signal);
  // Without the store an output loses its middle; a tool that may run again gives it again when there is space.
  if (full && mayWait(tool, call)) throw full;
  return messageOf(call, 'ok', capped);
}

function spaceMissing(error: unknown): HoldfastError | undefined {
  const known = HoldfastError.is(error) ? error : storageError(error);
  return known?.code === 'Storage.Full' ? known : undefined;
}

/** Whether there is another attempt, and it would do no harm. The last one tells the model. */
function mayWait({ spec }: Tool, { attempt }: ToolCall): boolean {
  return spec.effect !== 'once' && attempt < spec.maxAttempts;
}

function redacted(output: OutputText, { redactor }: ToolCall): OutputText {
  if (!redactor || redactor.idle) return output;
  if ('whole' in output && output.whole !== undefined) return { ...output, whole: redactor.text(output.whole) };
  return { ...output, stream: redactor.stream(output.stream as AsyncIterable<string>) } as OutputText;
}

function failureOf(error: unknown, tool: Tool, call: ToolCall, deadline: Deadline): ToolMessage {
  if (deadline.passed) return resultOf(call, 'timed-out', timeoutText(tool));
  if (call.signal.aborted) {
    if (isNamed(call.signal.reason, 'CallCancelled')) {
      return resultOf(call, 'cancelled', 'The call was cancelled before it ended.');
    }
    throw call.signal.reason;
  }
  if (isNamed(error, 'RetryLater')) throw retryLater((call.redactor?.error(error) ?? error) as RetryLater);
  if (isNamed(error, 'OutcomeUnknown')) {
    return resultOf(
      call,
      'outcome-unknown',
      `${errorText(call.redactor?.error(error) ?? error)}\nIt may or may not have taken effect.`,
    );
  }
  const full = spaceMissing(error);
  if (full && mayWait(tool, call)) throw full;
  if (error instanceof NotSerialisable) {
    return resultOf(
      call,
      'failed',
      `${tool.name} ran, but its result cannot be shown: ${shorten(error.message, 500)}.`,
    );
  }
  return resultOf(call, 'failed', errorText(full ?? call.redactor?.error(error) ?? error));
}

function timeoutText({ name, spec }: Tool): string {
  const doubt = spec.effect === 'read' ? '' : ' It may or may not have taken effect: check before calling it again.';
  return `${name} did not end within ${spec.timeoutMs} ms and was stopped.${doubt}`;
}

/** By name, not `instanceof`: a tool file may have been loaded with another copy of the package, or in another realm. */
function isNamed(error: unknown, name: string): boolean {
  try {
    return (Object(error) as Error).name === name;
  } catch {
    return false;
  }
}

/** A small copy: message and causes go into the history too. */
function retryLater({ message, delayMs }: RetryLater): RetryLater {
  return new RetryLater(shorten(String(message), ERROR_BYTES), typeof delayMs === 'number' ? { delayMs } : {});
}

function errorText(error: unknown): string {
  try {
    const { message, hint } = Object(error) as { message?: unknown; hint?: unknown };
    const text = typeof message === 'string' && message !== '' ? message : String(error);
    return shorten(typeof hint === 'string' ? `${text}\n${hint}` : text, ERROR_BYTES);
  } catch {
    return 'The tool threw something that cannot be shown.';
  }
}

function resultOf(call: ToolCall, outcome: ToolOutcome, text: string): ToolMessage {
  const content = call.redactor?.text(text) ?? text;
  return messageOf(call, outcome, { content, mediaType: 'text/plain' });
}

function messageOf({ callId, name }: ToolCall, outcome: ToolOutcome, capped: CappedOutput): ToolMessage {
  return { role: 'tool', callId, name, outcome, ...capped };
}

/** A signal that aborts with the call's own, or when the time is over; and promises that do not outlive it. */
class Deadline {
  readonly signal: AbortSignal;
  passed = false;
  private readonly timer: NodeJS.Timeout;
  private readonly controller = new AbortController();

  constructor(
    ms: number,
    private readonly outer: AbortSignal,
  ) {
    this.signal = this.controller.signal;
    this.timer = setTimeout(() => this.expire(ms), ms);
    if (outer.aborted) this.follow();
    else outer.addEventListener('abort', this.follow, { once: true });
  }

  /** Settles as `work` does, or rejects when the signal aborts, even if `work` never ends. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.signal.aborted) reject(this.signal.reason);
      this.signal.addEventListener('abort', () => reject(this.signal.reason), { once: true });
      work.then(resolve, reject);
    });
  }

  clear(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.follow);
  }

  private expire(ms: number): void {
    this.passed = !this.signal.aborted;
    this.controller.abort(new DOMException(`the call did not end within ${ms} ms`, 'TimeoutError'));
  }

  private readonly follow = (): void => this.controller.abort(this.outer.reason);
}
