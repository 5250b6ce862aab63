/** The tool a new project begins with, and its test. */

export const WORD_COUNT = `import { defineTool } from 'holdfast';
import { z } from 'zod';

export default defineTool({
  name: 'word_count',
  description: 'Counts the words, characters and lines of a text.',
  input: z.strictObject({ text: z.string().describe('The text to count.') }),
  effect: 'read', // it changes nothing, so it may be repeated after a crash
  quick: true, // it answers at once
  execute: ({ text }) => ({
    words: text.split(/\\s+/).filter((word) => word !== '').length,
    characters: [...text].length,
    lines: text === '' ? 0 : text.split('\\n').length,
  }),
});
`;

export const WORD_COUNT_TEST = `import assert from 'node:assert/strict';
import test from 'node:test';
import { tryTool } from 'holdfast/testing';

const tool = new URL('word-count.ts', import.meta.url);

test('counts words, characters and lines', async () => {
  const { outcome, content } = await tryTool(tool, { text: 'to be or\\nnot to be' });
  assert.equal(outcome, 'ok');
  assert.deepEqual(JSON.parse(content), { words: 6, characters: 18, lines: 2 });
});

test('tells the model what is wrong with its arguments', async () => {
  const { outcome, content } = await tryTool(tool, { txt: 'x' });
  assert.notEqual(outcome, 'ok');
  assert.match(content, /text/);
});
`;
