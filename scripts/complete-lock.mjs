/**
 * `node scripts/complete-lock.mjs` after every `npm install`: notes in package-lock.json the packages that other platforms
 * need. npm leaves them out when the registry at hand does not serve them, and `npm ci` then refuses the file everywhere.
 * Their versions are pinned by the packages that want them; platform and processor are in their names.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const file = process.argv[2] ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'package-lock.json');

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
/** Longer names first: `arm64` is not `arm`. */
const PROCESSORS = ['arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64', 'arm'];
const LIBRARIES = { gnu: 'glibc', glibc: 'glibc', musl: 'musl', gnueabihf: 'glibc', musleabihf: 'musl' };

const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = Object.entries(lock.packages).flatMap(([owner, entry]) =>
  Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => !isLocked(owner, name))
    .map(([name, version]) => [name, entryFor(name, version, entry)]),
);
const known = missing.filter(([, entry]) => entry !== undefined);
for (const [name, entry] of known) lock.packages[`node_modules/${name}`] = entry;
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
if (known.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stderr.write(`${known.length} packages of other platforms added to package-lock.json\n`);

function isLocked(owner, name) {
  return `node_modules/${name}` in lock.packages || `${owner}/node_modules/${name}` in lock.packages;
}

/** Undefined for what is not a pinned package of one platform. */
function entryFor(name, version, { dev }) {
  const words = name.split(/[/-]/);
  const system = SYSTEMS.find((word) => words.includes(word));
  const processor = PROCESSORS.find((word) => words.includes(word));
  const library = system === 'linux' ? LIBRARIES[words.at(-1)] : undefined;
  if (system === undefined || processor === undefined || !/^\d/.test(version)) return undefined;
  return {
    version,
    cpu: [processor],
    ...(dev && { dev }),
    ...(library && { libc: [library] }),
    optional: true,
    os: [system],
  };
}
