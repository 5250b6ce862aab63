import fc from 'fast-check';
import { z } from 'zod';
import { schemaCode } from '../../../apps/cli/scaffold/infer-schema';

function schemaOf(samples: readonly unknown[]): z.ZodType {
  return new Function('z', `return ${schemaCode(samples)}`)(z) as z.ZodType;
}

test('what is inferred takes every sample, whatever JSON it is', () => {
  const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(
    fc.property(fc.array(json, { minLength: 1, maxLength: 4 }), (values) => {
      const samples = values.map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>);
      // zod drops `__proto__`, and takes what every object inherits for a value it was given.
      const inherited = Object.getOwnPropertyNames(Object.prototype);
      fc.pre(!inherited.some((name) => JSON.stringify(samples).includes(JSON.stringify(name))));
      const schema = schemaOf(samples);
      for (const sample of samples) expect(schema.parse(sample)).toEqual(sample);
    }),
  );
});

test('and refuses other kinds and other keys', () => {
  const schema = schemaOf([{ order: 1, tags: ['a'] }, { order: 2 }]);
  expect(schema.safeParse({ order: 3 }).success).toBe(true);
  for (const bad of [{}, { order: 'x' }, { order: 1, tags: [1] }, { order: 1, more: 1 }]) {
    expect(schema.safeParse(bad).success).toBe(false);
  }
});

test('the code is what one would write', () => {
  expect(schemaCode([{ a: 1, 'b c': [{ d: null }, { d: 'x', e: true }] }])).toBe(`z.strictObject({
  a: z.number(),
  "b c": z.array(z.strictObject({
    d: z.string().nullable(),
    e: z.boolean().optional(),
  })),
})`);
});
