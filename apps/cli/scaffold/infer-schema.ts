/** What is known of a value from the samples seen: several kinds where they differ. */
interface Shape {
  kinds: Set<'string' | 'number' | 'boolean' | 'null' | 'array' | 'object'>;
  /** Of arrays; undefined while all were empty. */
  items?: Shape;
  /** Of objects; a key that some lacked is optional. */
  fields?: Map<string, { shape: Shape; optional: boolean }>;
}

/** The zod schema that takes each of the samples, as source text. */
export function schemaCode(samples: readonly unknown[]): string {
  return codeOf(samples.map(shapeOf).reduce(merge));
}

function shapeOf(value: unknown): Shape {
  if (value === null) return { kinds: new Set(['null']) };
  if (Array.isArray(value)) {
    const items = value.map(shapeOf);
    return { kinds: new Set(['array']), ...(items.length > 0 && { items: items.reduce(merge) }) };
  }
  if (typeof value !== 'object') return { kinds: new Set([typeof value as 'string' | 'number' | 'boolean']) };
  const fields = Object.entries(value).map(
    ([key, child]) => [key, { shape: shapeOf(child), optional: false }] as const,
  );
  return { kinds: new Set(['object']), fields: new Map(fields) };
}

function merge(a: Shape, b: Shape): Shape {
  const items = a.items && b.items ? merge(a.items, b.items) : (a.items ?? b.items);
  const fields = a.fields && b.fields ? mergeFields(a.fields, b.fields) : (a.fields ?? b.fields);
  return { kinds: new Set([...a.kinds, ...b.kinds]), ...(items && { items }), ...(fields && { fields }) };
}

function mergeFields(a: NonNullable<Shape['fields']>, b: NonNullable<Shape['fields']>): NonNullable<Shape['fields']> {
  const keys = [...new Set([...a.keys(), ...b.keys()])];
  return new Map(
    keys.map((key) => {
      const [left, right] = [a.get(key), b.get(key)];
      const shape = left && right ? merge(left.shape, right.shape) : ((left ?? right)?.shape as Shape);
      return [key, { shape, optional: !left || !right || left.optional || right.optional }];
    }),
  );
}

function codeOf(shape: Shape): string {
  const kinds = [...shape.kinds].filter((kind) => kind !== 'null');
  // Nothing is known of a value that was null each time.
  if (kinds.length === 0) return 'z.unknown()';
  const codes = kinds.map((kind) => {
    if (kind === 'array') return `z.array(${shape.items ? codeOf(shape.items) : 'z.unknown()'})`;
    return kind === 'object' ? objectCode(shape.fields ?? new Map()) : `z.${kind}()`;
  });
  const code = codes.length === 1 ? codes[0] : `z.union([${codes.join(', ')}])`;
  return shape.kinds.has('null') ? `${code}.nullable()` : `${code}`;
}

function objectCode(fields: NonNullable<Shape['fields']>): string {
  if (fields.size === 0) return 'z.strictObject({})';
  const lines = [...fields].map(([key, { shape, optional }]) => {
    const code = `${codeOf(shape)}${optional ? '.optional()' : ''}`.replaceAll('\n', '\n  ');
    return `  ${keyCode(key)}: ${code},`;
  });
  return `z.strictObject({\n${lines.join('\n')}\n})`;
}

/** Computed where a plain one would set the prototype. */
function keyCode(key: string): string {
  if (key === '__proto__') return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}
