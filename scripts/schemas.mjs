/** Writes `docs/schemas/` from the compiled protocol: `npm run build && node scripts/schemas.mjs`. A unit test compares. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'docs', 'schemas');
const { wireSchemas } = createRequire(import.meta.url)(path.join(root, 'dist', 'protocol', 'wire.js'));

mkdirSync(folder, { recursive: true });
for (const old of readdirSync(folder)) rmSync(path.join(folder, old));
for (const [name, schema] of Object.entries(wireSchemas())) {
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
execFileSync(path.join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', folder], { stdio: 'inherit' });
