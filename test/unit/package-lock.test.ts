import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Entry {
  version?: string;
  optionalDependencies?: Record<string, string>;
}

test('package-lock.json names the packages of every platform, without which `npm ci` refuses it', () => {
  const file = path.join(__dirname, '..', '..', 'package-lock.json');
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> };
  const missing = Object.entries(packages).flatMap(([owner, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(
        ([name, version]) =>
          /^\d/.test(version) && !packages[`node_modules/${name}`] && !packages[`${owner}/node_modules/${name}`],
      )
      .map(([name]) => name),
  );
  // The fix: node scripts/complete-lock.mjs
  expect(missing).toEqual([]);
});
