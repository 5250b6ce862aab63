import { z } from 'zod';
import { defineTool, isTool, toolSpecOf } from '../../../activities/tools/define-tool';
import type { ToolDefinition } from '../../../activities/tools/tool';

const valid: ToolDefinition = {
  name: 'weather_now',
  description: 'The weather.',
  input: z.object({ city: z.string(), days: z.int().optional() }),
  effect: 'read',
  execute: () => 'sunny',
};

describe('the spec of a tool', () => {
  test('has every default the contract names', () => {
    expect(toolSpecOf(defineTool(valid))).toEqual({
      name: 'weather_now',
      description: 'The weather.',
      inputSchema: {
        type: 'object',
        properties: { city: { type: 'string' }, days: { type: 'integer' } },
        required: ['city'],
      },
      effect: 'read',
      quick: false,
      exclusive: false,
      timeoutMs: 60_000,
      maxAttempts: 5,
      runsIn: 'activity',
    });
  });

  test('a quick tool has 5 seconds', () => {
    expect(defineTool({ ...valid, quick: true }).spec.timeoutMs).toBe(5_000);
  });

  test('a once tool has one attempt and runs alone, unless told it need not', () => {
    expect(defineTool({ ...valid, effect: 'once' }).spec).toMatchObject({ maxAttempts: 1, exclusive: true });
    expect(defineTool({ ...valid, effect: 'once', exclusive: false, maxAttempts: 1 }).spec.exclusive).toBe(false);
  });

  test('takes durations as text', () => {
    expect(defineTool({ ...valid, timeout: '2 minutes' }).spec.timeoutMs).toBe(120_000);
  });

  test('describes the input side of a schema: what has a default need not be given', () => {
    const input = z.object({
      unit: z.enum(['c', 'f']).default('c'),
      on: z.string().transform((text) => new Date(text)),
    });
    expect(defineTool({ ...valid, input }).spec.inputSchema).toMatchObject({
      properties: { unit: { type: 'string', enum: ['c', 'f'], default: 'c' }, on: { type: 'string' } },
      required: ['on'],
    });
  });

  test('keeps bounds that say something and leaves out those of safe integers', () => {
    const input = z.object({ a: z.int().min(3), b: z.int().max(9) });
    expect(defineTool({ ...valid, input }).spec.inputSchema.properties).toEqual({
      a: { type: 'integer', minimum: 3 },
      b: { type: 'integer', maximum: 9 },
    });
  });
});

describe('a tool that could not work is refused when it is defined', () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['a name with a space', { name: 'weather now' }, /"weather now": a name is a letter/],
    ['a name that is too long', { name: `a${'b'.repeat(64)}` }, /at most 64/],
    ['no name', { name: undefined }, /a name is a letter/],
    ['no description', { description: ' ' }, /description must be text/],
    ['a description that is too long', { description: 'x'.repeat(1_025) }, /1 to 1024/],
    ['a toolset that is no name', { toolset: 'my set' }, /toolset name "my set"/],
    ['an effect that does not exist', { effect: 'write' }, /effect must be one of read, idempotent, once/],
    ['quick with an effect', { quick: true, effect: 'idempotent' }, /only a tool with effect "read" can be quick/],
    ['no execute', { execute: undefined }, /execute must be a function/],
    ['an input that is no object', { input: z.string() }, /input must be an object schema/],
    ['an input without JSON form', { input: z.object({ when: z.date() }) }, /cannot be written as JSON Schema/],
    ['a timeout that is no time', { timeout: 'soon' }, /timeout is not a positive duration: "soon"/],
    ['a timeout of no time', { timeout: 0 }, /timeout is not a positive duration/],
    ['a quick tool that takes long', { quick: true, timeout: '10s' }, /a quick tool may take 8000 ms at most/],
    ['a timeout beyond a day', { timeout: '2 days' }, /a tool may take 86400000 ms at most/],
    ['more than one attempt at once', { effect: 'once', maxAttempts: 2 }, /has one attempt/],
    ['no attempts', { maxAttempts: 0 }, /maxAttempts must be a whole number from 1 to 1000, not 0/],
    ['half an attempt', { maxAttempts: 1.5 }, /not 1.5/],
  ];
  test.each(cases)('%s', (_, change, message) => {
    const define = () => defineTool({ ...valid, ...change } as ToolDefinition);
    expect(define).toThrow(message);
    expect(define).toThrow(expect.objectContaining({ code: 'Tool.Invalid', hint: expect.any(String) }));
  });
});

describe('recognising tools', () => {
  test('what defineTool made is a tool, also when it is of another copy of the package', () => {
    expect(isTool(defineTool(valid))).toBe(true);
    jest.isolateModules(() => {
      const copy: typeof import('../../../activities/tools/define-tool') = require('../../../activities/tools/define-tool');
      expect(copy.defineTool).not.toBe(defineTool);
      expect(isTool(copy.defineTool(valid))).toBe(true);
    });
  });

  test.each([[valid], [null], ['tool'], [{}], [() => undefined]])('%p is not', (value) => {
    expect(isTool(value)).toBe(false);
  });

  test('cannot be changed afterwards', () => {
    const tool = defineTool(valid);
    expect(Object.isFrozen(tool) && Object.isFrozen(tool.spec)).toBe(true);
  });
});
