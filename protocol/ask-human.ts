import { APPROVER } from './approval-terms';
import type { ToolSpec } from './tool';

/**
 * The `ask_human` tool: a question of the run to people, answered through the same inbox as approvals. The workflow waits for the
 * answer itself, so this file is plain data and a pure function.
 */

const MAX_QUESTION = 10_000;
const MAX_OPTIONS = 20;
const MAX_OPTION = 200;
const MAX_TO = 20;
const KNOWN = ['question', 'options', 'to'];

export const ASK_HUMAN_SPEC: ToolSpec = {
  name: 'ask_human',
  description:
    'Asks people a question and waits for the answer, which may take days. Use it when only a person can know or decide. Give "options" where one of a few answers is wanted.',
  inputSchema: {
    type: 'object',
    properties: {
      question: {
        type: 'string',
        minLength: 1,
        maxLength: MAX_QUESTION,
        description: 'With everything needed to answer it: whoever reads it has not seen this conversation.',
      },
      options: {
        type: 'array',
        minItems: 2,
        maxItems: MAX_OPTIONS,
        uniqueItems: true,
        items: { type: 'string', minLength: 1, maxLength: MAX_OPTION },
        description: 'The answers to choose from. Default: free text.',
      },
      to: {
        type: 'array',
        minItems: 1,
        maxItems: MAX_TO,
        items: { type: 'string', pattern: APPROVER.source },
        description:
          'Who may answer: "user:NAME", "role:NAME", "manager" or "anyone". Default: as configured, else anyone.',
      },
    },
    required: ['question'],
    additionalProperties: false,
  },
  effect: 'read',
  quick: false,
  exclusive: false,
  timeoutMs: 1_000,
  maxAttempts: 1,
  runsIn: 'workflow',
};

export interface Question {
  question: string;
  options?: string[];
  to?: string[];
}

/** The question, or what is wrong with the arguments, by path. */
export function readQuestion(given: unknown): Question | { error: string } {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { error: '(arguments): expected an object with a question' };
  const { question, options, to } = given as Record<string, unknown>;
  const unknown = Object.keys(given).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined)
    return { error: `(arguments): unknown key ${JSON.stringify(unknown.slice(0, 50))} (known: ${KNOWN.join(', ')})` };
  if (typeof question !== 'string' || question.trim() === '') return { error: 'question: expected text' };
  if (question.length > MAX_QUESTION) return { error: `question: at most ${MAX_QUESTION} characters` };
  const problem = optionsProblem(options) ?? approversProblem(to);
  if (problem !== undefined) return { error: problem };
  return {
    question,
    ...(options !== undefined && { options: options as string[] }),
    ...(to !== undefined && { to: to as string[] }),
  };
}

function optionsProblem(options: unknown): string | undefined {
  if (options === undefined) return undefined;
  if (!Array.isArray(options) || options.length < 2 || options.length > MAX_OPTIONS)
    return `options: expected 2 to ${MAX_OPTIONS} texts`;
  const wrong = options.findIndex((one) => typeof one !== 'string' || one.trim() === '' || one.length > MAX_OPTION);
  if (wrong >= 0) return `options[${wrong}]: expected text of at most ${MAX_OPTION} characters`;
  return new Set(options).size < options.length ? 'options: two are the same' : undefined;
}

function approversProblem(to: unknown): string | undefined {
  if (to === undefined) return undefined;
  if (!Array.isArray(to) || to.length < 1 || to.length > MAX_TO) return `to: expected 1 to ${MAX_TO} approvers`;
  const wrong = to.findIndex((one) => typeof one !== 'string' || !APPROVER.test(one));
  return wrong >= 0 ? `to[${wrong}]: expected "user:NAME", "role:NAME", "manager" or "anyone"` : undefined;
}
