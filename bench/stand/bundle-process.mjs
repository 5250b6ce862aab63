import { writeFileSync } from 'node:fs';

const [, , module, file] = process.argv;
try {
  const { bundle } = await import(module);
  writeFileSync(file, await bundle());
  process.send({}, () => process.exit());
} catch (error) {
  process.send({ error: String(error.stack) }, () => process.exit());
}
