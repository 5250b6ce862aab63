/**
 * The one task every system is given: look something up N times, then answer. The model's name says what the vendor server
 * is to do, so that all systems get the same answers: `bench-10` calls the tool ten times, `bench-endless` for ever,
 * `bench-hang` lets its first request hang.
 */
export const INSTRUCTIONS = 'Look up what you are asked to, one thing at a time, then answer in one sentence.';
export const PROMPT = 'Look up the stock of every shelf and sum it up.';
export const TOOL = 'look_up';
export const TOOL_DESCRIPTION = 'Looks up one shelf of the warehouse.';
export const TOOL_PARAMETERS = {
  type: 'object',
  properties: { shelf: { type: 'string', description: 'The name of the shelf.' } },
  required: ['shelf'],
  additionalProperties: false,
};

const RESULT_CHARS = 2_000;
const ROW = 'crate of pears, 12 kg, checked on Monday; ';

/** What the tool finds: 2 kB of text. */
export function lookUp(shelf) {
  return `Shelf ${shelf}: ${ROW.repeat(Math.ceil(RESULT_CHARS / ROW.length))}`.slice(0, RESULT_CHARS);
}

export function modelFor(toolTurns) {
  return `bench-${toolTurns}`;
}
