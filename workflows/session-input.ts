import { msToNumber } from '@temporalio/common';
import type { ChatOptions } from '../protocol/control';
import type { Policy } from '../protocol/permissions/policy';
import { rulesOf } from '../protocol/permissions/policy-problems';
import { parseRule } from '../protocol/permissions/rule';
import type { Fork, SessionInput } from '../protocol/session';
import { expandedChars, type Variables, variablesProblem } from '../protocol/variables';
import { toApplicationFailure } from './failures';
import { messageOf } from './message-of';

const COUNTS = ['turns', 'toolCalls', 'tokens', 'repeatedCalls'] as const;
/** They become search attributes, which the server takes as short texts only. */
const TEXTS = ['tenant', 'parent'] as const;
const LONGEST_TEXT = 1_000;

/**
 * The input as the session uses it. Holdfast's client has checked it; a workflow, the stock Temporal CLI or a client in another
 * language may not have, so what the loop depends on is checked again, in plain code that the sandbox can run.
 * @throws ApplicationFailure `Input.Invalid`.
 */
export function normaliseInput(input: SessionInput, continued: boolean): SessionInput {
  if (typeof input?.agent !== 'string') throw invalid('agent: the name of an agent is needed');
  if (input.carried && !continued) throw invalid('carried: only a session that continues as new carries something');
  if (input.carried) return input;
  for (const name of TEXTS) {
    const text: unknown = input[name];
    if (text !== undefined && (typeof text !== 'string' || text.length > LONGEST_TEXT))
      throw invalid(`${name}: not a text of at most ${LONGEST_TEXT} characters`);
  }
  if (input.fork !== undefined) checkFork(input.fork);
  checkVariables(input);
  checkLayers(input);
  const optional = input.chat !== undefined || input.fork !== undefined;
  if (!optional && isEmpty(input.input)) throw invalid('input: say what the agent should do');
  return {
    ...input,
    ...(input.limits && { limits: checkLimits(input.limits) }),
    ...(input.chat && { chat: checkChat(input.chat) }),
  };
}

const MAX_LAYERS = 100;

/** A rule that cannot be read would stop the run at its first call, for good. */
function checkLayers({ authority = [], permissions, tainted = [] }: SessionInput): void {
  if (!Array.isArray(authority) || authority.length > MAX_LAYERS) throw invalid('authority: not a list of layers');
  for (const [at, layer] of authority.entries()) {
    const where = `authority.${at}`;
    if (typeof layer?.of !== 'string' || !Array.isArray(layer.grants)) throw invalid(`${where}: not a layer`);
    checkPolicy(`${where}.policy`, layer.policy);
    for (const grant of layer.grants) checkRule(`${where}.grants`, grant?.rule);
  }
  if (permissions !== undefined) checkPolicy('permissions', permissions);
  if (!isTexts(tainted)) throw invalid('tainted: not a list of texts');
}

function checkPolicy(where: string, policy: Policy): void {
  if (typeof policy !== 'object' || policy === null) throw invalid(`${where}: not a policy`);
  if (policy.models !== undefined && !isTexts(policy.models)) throw invalid(`${where}.models: not a list of texts`);
  try {
    for (const { keys, text } of rulesOf(policy)) checkRule(`${where}.${keys.join('.')}`, text);
  } catch (error) {
    throw error instanceof TypeError ? invalid(`${where}: not a policy: ${error.message}`) : error;
  }
}

function checkRule(where: string, text: string): void {
  try {
    parseRule(text);
  } catch (error) {
    throw invalid(`${where}: ${(error as Error).message}`);
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isEmpty(input: unknown): boolean {
  return input === undefined || input === null || (typeof input === 'string' && input.trim() === '');
}

type GivenLimits = NonNullable<SessionInput['limits']>;

/** @returns the limits, the deadline in milliseconds. */
export function checkLimits(limits: GivenLimits): GivenLimits {
  const { costUsd, deadline } = limits;
  for (const name of COUNTS) {
    const value: unknown = limits[name];
    if (value !== undefined && !(Number.isInteger(value) && Number(value) > 0))
      throw invalid(`limits.${name}: not a positive whole number`);
  }
  if (costUsd !== undefined && !(typeof costUsd === 'number' && costUsd > 0))
    throw invalid('limits.costUsd: not a positive number');
  return deadline === undefined ? limits : { ...limits, deadline: milliseconds('limits.deadline', deadline) };
}

/** @throws ApplicationFailure `Input.Invalid`, `Input.TooLarge`. */
function checkVariables({ variables, input }: SessionInput): void {
  if (variables === undefined) return;
  const problem = variablesProblem(variables);
  if (problem !== undefined) throw invalid(`variables: ${problem}`);
  if (Object.values(variables).includes(null as never)) throw invalid('variables: null is no value');
  checkExpanded(input, variables);
}

/** Characters of a message once its variables stand in it: it is an event of the history. */
const MAX_EXPANDED_MESSAGE = 200_000;

/**
 * @returns characters by which its variables make the message longer.
 * @throws ApplicationFailure `Input.TooLarge`.
 */
export function checkExpanded(input: unknown, variables: Variables | undefined): number {
  if (!variables || input == null) return 0;
  const texts = messageOf(input).content.map((part) => (part.type === 'text' ? part.text : ''));
  const before = texts.reduce((sum, text) => sum + text.length, 0);
  const after = texts.reduce((sum, text) => sum + expandedChars(text, variables), 0);
  if (after <= Math.max(before, MAX_EXPANDED_MESSAGE)) return Math.max(0, after - before);
  throw toApplicationFailure({
    code: 'Input.TooLarge',
    message: `with its variables the message has ${after} characters; ${MAX_EXPANDED_MESSAGE} is the most`,
    hint: 'Shorten the values, or use them in fewer places.',
  });
}

function checkFork(fork: Partial<Fork>): void {
  if (typeof fork !== 'object' || fork === null)
    throw invalid('fork: an object is needed, e.g. {"id": "RUN", "at": 4}');
  const { id, at } = fork;
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_TEXT) throw invalid('fork.id: not the id of a run');
  if (!Number.isInteger(at) || Number(at) < 1) throw invalid('fork.at: not a positive whole number');
}

function checkChat(chat: ChatOptions): ChatOptions {
  if (typeof chat !== 'object') throw invalid('chat: an object is needed, e.g. {"chat": {}}');
  const { idleTimeout, expiresAfter } = chat;
  return {
    ...chat,
    ...(idleTimeout !== undefined && { idleTimeout: milliseconds('chat.idleTimeout', idleTimeout) }),
    ...(expiresAfter !== undefined && { expiresAfter: milliseconds('chat.expiresAfter', expiresAfter) }),
  };
}

function milliseconds(name: string, duration: unknown): number {
  try {
    const ms = msToNumber(duration as number);
    if (ms > 0) return ms;
  } catch {
    // Said below, with what would be right.
  }
  throw invalid(`${name}: not a duration: ${JSON.stringify(duration)}; write e.g. "10m"`);
}

function invalid(message: string) {
  return toApplicationFailure({
    code: 'Input.Invalid',
    message,
    hint: 'See SessionOptions for what a run may be given.',
  });
}
