/** Writes what is generated from the schema of settings: docs/schemas/holdfast.config.json and the table of docs/configuration.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const jiti = createJiti(import.meta.url, { fsCache: false });
const { configJsonSchema } = await jiti.import(path.join(root, 'workers/config/keys.ts'));
const { configTable } = await jiti.import(path.join(root, 'workers/config/reference.ts'));

const MARKS = /(<!-- settings -->\n)[\s\S]*?(\n<!-- end of settings -->)/;

writeFileSync(path.join(root, 'docs/schemas/holdfast.config.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
const page = path.join(root, 'docs/configuration.md');
const text = readFileSync(page, 'utf8');
if (!MARKS.test(text)) throw new Error('docs/configuration.md has no place for the table of settings');
writeFileSync(
  page,
  text.replace(MARKS, (_all, before, after) => `${before}\n${configTable()}\n${after}`),
);
