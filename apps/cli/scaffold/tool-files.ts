import { HoldfastError } from '../../../protocol/failures';
import { schemaCode } from './infer-schema';
import type { NewFile } from './new-file';

const FILE_NAME = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;

/**
 * A tool and its test. Without a sample it takes a text.
 * @param sample what the tool is going to be called with, as JSON; several in an array make keys that some lack optional.
 * @throws HoldfastError `Input.Invalid` for a name or a sample that will not do.
 */
export function toolFiles(name: string, sample?: unknown): NewFile[] {
  if (!FILE_NAME.test(name) || name.length > 60) {
    throw new HoldfastError('Input.Invalid', `${JSON.stringify(name)} is no name for a tool`, {
      hint: 'Lower-case letters and digits, in words joined by - or _, e.g. look-up-order.',
    });
  }
  const samples = sample === undefined ? [{ text: 'Hello.' }] : [sample].flat();
  if (samples.length === 0 || !samples.every(isMapping)) {
    throw new HoldfastError('Input.Invalid', 'the sample is neither an object nor a list of objects', {
      hint: 'Models pass arguments as an object: { "order": 17 }.',
    });
  }
  const file = name.replaceAll('_', '-');
  return [
    { path: `tools/${file}.ts`, text: toolText(name.replaceAll('-', '_'), schemaCode(samples)), about: 'the tool' },
    { path: `tools/${file}.test.mjs`, text: testText(file, samples), about: 'its test: node --test' },
  ];
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toolText(name: string, schema: string): string {
  return `import { defineTool } from 'holdfast';
import { z } from 'zod';

export default defineTool({
  name: '${name}',
  // What the model reads to decide when to call it.
  description: 'Answers with what it was given.',
  input: ${schema.replaceAll('\n', '\n  ')},
  // read: changes nothing. idempotent: may be repeated with the same context.idempotencyKey. once: never started twice.
  effect: 'read',
  execute: (input) => ({ received: input }),
});
`;
}

function testText(file: string, samples: readonly unknown[]): string {
  const list = samples.map((sample) => JSON.stringify(sample, null, 2).replaceAll('\n', '\n  ')).join(',\n  ');
  return `import assert from 'node:assert/strict';
import test from 'node:test';
import { tryTool } from 'holdfast/testing';

const tool = new URL('${file}.ts', import.meta.url);
const samples = [
  ${list},
];

test('takes what it is going to be called with', async () => {
  for (const sample of samples) {
    const { outcome, content } = await tryTool(tool, sample);
    assert.equal(outcome, 'ok', content);
    assert.deepEqual(JSON.parse(content), { received: sample });
  }
});

test('refuses what it does not know', async () => {
  const { outcome } = await tryTool(tool, { ...samples[0], anotherKey: true });
  assert.notEqual(outcome, 'ok');
});
`;
}
