import type { Actor, Change, Sending, Steering, Step } from '../protocol/control';
import type { FailureCode } from '../protocol/failures';
import { variablesProblem } from '../protocol/variables';
import type { Resize } from '../protocol/warm-pool';
import { toApplicationFailure } from './failures';
import { checkLimits } from './session-input';

/*
 * What an update is given, checked in plain code that the sandbox can run: it may come from the stock Temporal CLI or from a
 * client in another language. Everything here refuses before anything is recorded.
 */

const MAX_BY = 200;
const MAX_REASON = 2_000;
const MAX_GUIDANCE = 50_000;
/** Characters of JSON one message may have: it is an event of the history. */
const MAX_MESSAGE = 200_000;

export function refuse(code: FailureCode, message: string, hint?: string): never {
  throw toApplicationFailure({ code, message, ...(hint !== undefined && { hint }) });
}

export function invalid(message: string): never {
  return refuse('Input.Invalid', message, 'See docs/wire.md for what the update takes.');
}

export function checkActor(given: Actor): void {
  if (typeof given !== 'object' || given === null) invalid('one object is needed, e.g. {"by": "ana"}');
  const { by, reason } = given;
  if (typeof by !== 'string' || by.trim() === '' || by.length > MAX_BY)
    invalid(`by: say who acts, in at most ${MAX_BY} characters`);
  if (reason !== undefined && (typeof reason !== 'string' || reason.length > MAX_REASON))
    invalid(`reason: not a text of at most ${MAX_REASON} characters`);
}

export function checkSteering(given: Steering): void {
  checkActor(given);
  if (typeof given.text !== 'string' || given.text.trim() === '') invalid('text: say what the model should know');
  if (given.text.length > MAX_GUIDANCE) invalid(`text: ${given.text.length} characters; ${MAX_GUIDANCE} is the most`);
}

export function checkStep(given: Step): void {
  checkActor(given);
  if (given.unit !== undefined && given.unit !== 'turn' && given.unit !== 'call') invalid('unit: "turn" or "call"');
}

export function checkTitle(given: Actor & { title: string }): void {
  checkActor(given);
  const { title } = given;
  if (typeof title !== 'string' || title.trim() === '' || title.length > 200)
    invalid('title: a text of at most 200 characters');
}

/** Sessions of one pool that may wait. */
const MAX_WARM = 200;

export function checkResize(given: Resize): void {
  checkActor(given);
  const { size } = given;
  if (!Number.isInteger(size) || size < 0 || size > MAX_WARM) invalid(`size: a whole number from 0 to ${MAX_WARM}`);
}

const CHANGES = ['model', 'parameters', 'limits', 'priority', 'breakpoints', 'variables'] as const;

export function checkChange(given: Change): void {
  checkActor(given);
  const { model, limits, priority, breakpoints, parameters, variables } = given;
  if (!CHANGES.some((name) => given[name] !== undefined))
    invalid(`nothing to change: give one of ${CHANGES.join(', ')}`);
  const unknown = Object.keys(given).find((name) => !['by', 'reason', ...CHANGES].includes(name));
  if (unknown !== undefined) invalid(`${unknown}: there is no such thing to change`);
  if (model !== undefined && !/^[^/\s]+\/\S+$/.test(String(model))) invalid('model: write provider/model');
  if (priority !== undefined && ![1, 2, 3, 4, 5].includes(priority)) invalid('priority: 1 (most urgent) to 5');
  for (const part of [parameters, limits, breakpoints]) {
    if (part !== undefined && (typeof part !== 'object' || part === null))
      invalid('parameters, limits and breakpoints are objects');
  }
  const { turns = [], tools = [] } = breakpoints ?? {};
  if (!isListOf(turns, 'number') || !isListOf(tools, 'string'))
    invalid('breakpoints: {"turns": [3], "tools": ["name"]}');
  if (limits) checkLimits(limits);
  const problem = variables === undefined ? undefined : variablesProblem(variables);
  if (problem !== undefined) invalid(`variables: ${problem}`);
}

function isListOf(list: unknown, type: string): boolean {
  return Array.isArray(list) && list.length <= 100 && list.every((item) => typeof item === type);
}

/** @returns the message's size in characters of JSON. */
export function checkSending(given: Sending, agent: string): number {
  if (typeof given !== 'object' || given === null) invalid('one object is needed, e.g. {"input": "hello"}');
  const { input, by } = given;
  if (input === undefined || input === null || (typeof input === 'string' && input.trim() === ''))
    invalid('input: the message is empty');
  if (by !== undefined && (typeof by !== 'string' || by.length > MAX_BY)) invalid(`by: at most ${MAX_BY} characters`);
  const { source } = given;
  if (source !== undefined && (typeof source !== 'string' || source === '' || source.length > MAX_BY))
    invalid(`source: a text of at most ${MAX_BY} characters`);
  if (given.agent !== undefined && given.agent !== agent)
    refuse('Run.AlreadyStarted', `the chat with this id is with the agent "${agent}"`, 'Choose another id.');
  const chars = JSON.stringify(input).length;
  if (chars > MAX_MESSAGE)
    refuse(
      'Input.TooLarge',
      `the message has ${chars} characters; ${MAX_MESSAGE} is the most`,
      'Put it in a file and mount its folder; the file tools read it piece by piece.',
    );
  return chars;
}
