/**
 * Writes the schemas of what crosses the wire to `docs/schemas/`, from the compiled protocol: `npm run build && node
 * scripts/schemas.mjs`. A unit test compares. The settings' own one beside them is written by `config-docs.mjs`.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'docs', 'schemas');
const { wireSchemas } = createRequire(import.meta.url)(path.join(root, 'dist', 'protocol', 'wire.js'));

mkdirSync(folder, { recursive: true });
const theirs = (name) => name === 'holdfast.config.json';
for (const old of readdirSync(folder)) if (!theirs(old)) rmSync(path.join(folder, old));
for (const [name, schema] of Object.entries(wireSchemas())) {
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
