import {
  type ModelCall,
  type ModelProvider,
  type ModelReply,
  type ModelRequest,
  ProviderError,
} from '../activities/providers/provider';
import type { FinishReason } from '../protocol/activities';
import type { AssistantPart, ReasoningPart } from '../protocol/messages';
import { NO_USAGE, type Usage } from '../protocol/usage';

/** One answer of a scripted model, or a failure. */
export interface ScriptedReply {
  text?: string;
  reasoning?: Omit<ReasoningPart, 'type' | 'provider'>[];
  /** Ids default to `call_<step>_<n>`; a string as arguments is malformed JSON. */
  toolCalls?: { id?: string; name: string; arguments?: unknown; malformed?: string }[];
  finish?: FinishReason;
  usage?: Partial<Usage>;
  /** Thrown instead of answering. */
  error?: Error;
  /** Milliseconds before the answer; an abort ends the wait. */
  delayMs?: number;
}

/** A reply, or a function of the request that checks it and makes one. */
export type ScriptedStep =
  | ScriptedReply
  | ((request: ModelRequest, call: ModelCall) => ScriptedReply | Promise<ScriptedReply>);

/** What the model says of itself; everything has a default. */
export interface ScriptedModelOptions {
  /** The part of the route before the slash. Default `scripted`. */
  name?: string;
  /** Tokens of context the model claims. Default 128,000. */
  contextTokens?: number;
}

/** A provider that answers by script, and remembers what it was asked. */
export interface ScriptedModel extends ModelProvider {
  /** Every request so far, in order. */
  readonly requests: readonly ModelRequest[];
  /**
   * Call it at the end of a test: the script was followed to its last step.
   * @throws Error when steps are left over, or more were asked for than there are.
   */
  assertDone(): void;
}

/**
 * A model in the same process that answers by script. A request beyond the script fails the run at once
 * (`Model.InvalidRequest`, never retried) and `assertDone` then fails the test.
 *
 * @example
 * ```ts
 * import { scriptedModel } from 'holdfast/testing';
 * import { HoldfastPlugin } from 'holdfast/worker';
 *
 * const model = scriptedModel([
 *   { toolCalls: [{ name: 'calculator', arguments: { expression: '6 * 7' } }] },
 *   ({ messages }) => ({ text: `That makes ${messages.at(-1)?.content}.` }),
 * ]);
 * const plugin = new HoldfastPlugin({ providers: [model], defaultModel: 'scripted/any' });
 * // … run an agent on a worker with this plugin, then:
 * model.assertDone();
 * ```
 */
export function scriptedModel(steps: readonly ScriptedStep[], options: ScriptedModelOptions = {}): ScriptedModel {
  const name = options.name ?? 'scripted';
  const requests: ModelRequest[] = [];
  const failures: string[] = [];
  return {
    name,
    requests,
    async complete(request, call) {
      call.signal.throwIfAborted();
      const at = requests.push(request) - 1;
      const step = steps[at];
      if (step === undefined) throw unexpected(name, at, steps.length, failures);
      const reply = typeof step === 'function' ? await runStep(step, request, call, at, failures) : step;
      if (reply.delayMs) await pause(reply.delayMs, call.signal);
      call.signal.throwIfAborted();
      if (reply.error) throw reply.error;
      return replyOf(reply, name, at, request, call);
    },
    countTokens: (request) =>
      Math.ceil(JSON.stringify([request.instructions, request.messages, request.tools]).length / 4),
    describeModel: () => ({ contextTokens: options.contextTokens ?? 128_000 }),
    listModels: async () => ['steps'],
    checkHealth: async () => undefined,
    assertDone() {
      const left = steps.length - requests.length;
      if (left > 0) throw new Error(`${name}: ${left} of ${steps.length} steps were never asked for`);
      if (failures.length > 0) throw new Error(`${name}: ${failures.join('; ')}`);
    },
  };
}

function unexpected(name: string, at: number, steps: number, failures: string[]): ProviderError {
  const text = `request ${at + 1} came, but the script has ${steps} steps`;
  failures.push(text);
  return new ProviderError('Model.InvalidRequest', `${name}: ${text}`);
}

/** What a step's function throws is a failed expectation: kept, so that it cannot be lost in the run's error handling. */
async function runStep(
  step: Extract<ScriptedStep, (...args: never[]) => unknown>,
  request: ModelRequest,
  call: ModelCall,
  at: number,
  failures: string[],
): Promise<ScriptedReply> {
  try {
    return await step(request, call);
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    failures.push(`step ${at + 1}: ${error instanceof Error ? error.message : String(error)}`);
    throw new ProviderError('Model.InvalidRequest', `${request.model}: step ${at + 1} of the script threw`, {
      cause: error,
    });
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

function replyOf(
  reply: ScriptedReply,
  provider: string,
  at: number,
  request: ModelRequest,
  call: ModelCall,
): ModelReply {
  const content: AssistantPart[] = (reply.reasoning ?? []).map((part) => ({ type: 'reasoning', provider, ...part }));
  if (reply.text) content.push({ type: 'text', text: reply.text });
  reply.toolCalls?.forEach(({ id = `call_${at}_${content.length}`, ...callPart }) => {
    content.push({ type: 'tool-call', id, ...callPart });
  });
  for (const part of content) {
    call.onDelta?.(
      part.type === 'tool-call' ? { type: 'tool-call', name: part.name } : { type: part.type, text: part.text },
    );
  }
  return {
    message: { role: 'assistant', content },
    finish: reply.finish ?? (reply.toolCalls?.length ? 'tool-calls' : 'end'),
    usage: { ...NO_USAGE, inputTokens: 100, outputTokens: 10, ...reply.usage },
    model: request.model,
    requestId: `${provider}_${at}`,
  };
}
