type Schema = Record<string, unknown>;

/**
 * The schema of a part of a value.
 * @returns undefined where the schema does not say, `missing` where it says that there is no such part.
 */
export function schemaAt(schema: Schema, pointer: string): Schema | undefined | 'missing' {
  let at: Schema | undefined = schema;
  for (const step of stepsOf(pointer)) {
    if (!at) return undefined;
    const types = typesOf(at);
    if (types && !types.includes('object') && !types.includes('array')) return 'missing';
    const properties = at.properties as Record<string, Schema> | undefined;
    if (properties && Object.hasOwn(properties, step)) at = properties[step];
    else if (/^\d+$/.test(step) && (!types || types.includes('array'))) at = at.items as Schema | undefined;
    else if (at.additionalProperties === false) return 'missing';
    else return undefined;
  }
  return at;
}

/**
 * Why what one schema allows is not what another expects, in one sentence; undefined where nothing speaks against it. Only types and
 * required properties are compared: what is sent is checked against the schema again when it is there.
 */
export function schemaMismatch(given: Schema, expected: Schema, path = ''): string | undefined {
  const have = typesOf(given);
  const want = typesOf(expected);
  const at = path === '' ? '' : ` at ${path}`;
  if (have && want && !have.some((type) => want.includes(type) || (type === 'integer' && want.includes('number'))))
    return `it gives ${have.join(' or ')}${at}, and ${want.join(' or ')} is expected`;
  const properties = (given.properties ?? {}) as Record<string, Schema>;
  for (const name of (expected.required as string[] | undefined) ?? []) {
    if (Object.hasOwn(properties, name) || given.additionalProperties !== false) continue;
    return `it gives no "${name}"${at}`;
  }
  for (const [name, wanted] of Object.entries((expected.properties ?? {}) as Record<string, Schema>)) {
    const part = properties[name];
    const mismatch = part && schemaMismatch(part, wanted, `${path}/${name}`);
    if (mismatch) return mismatch;
  }
  const [items, wantedItems] = [given.items, expected.items] as [Schema | undefined, Schema | undefined];
  return items && wantedItems ? schemaMismatch(items, wantedItems, `${path}/*`) : undefined;
}

function typesOf({ type }: Schema): string[] | undefined {
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.map(String) : undefined;
}

/** The part of a value a JSON pointer names; undefined where there is none. */
export function partAt(value: unknown, pointer = ''): unknown {
  let at = value;
  for (const step of stepsOf(pointer)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

/** RFC 6901. */
function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
