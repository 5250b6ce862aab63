import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');
const CONFIG = '.dependency-cruiser.cjs';
const ROOMS = ['protocol', 'streams', 'workflows', 'activities', 'workers', 'client', 'apps', 'testing', 'examples'];

interface Violation {
  rule: { name: string };
  from: string;
  to: string;
}

/** All violations among the rooms found in a folder. */
function violationsIn(folder: string): Violation[] {
  const bin = path.join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [bin, '--config', CONFIG, '--output-type', 'json', 'index.ts', ...ROOMS];
  const output = run(args, folder);
  return JSON.parse(output).summary.violations;
}

function run(args: string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe' });
  } catch (error) {
    // It exits with the number of violations.
    return (error as { stdout: string }).stdout;
  }
}

test('no module of this repository goes against the arrows', () => {
  const found = violationsIn(ROOT).map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
  expect(found).toEqual([]);
});

/** One wrong import each, and the rule that must catch it. Planted together: each in a file of its own. */
const PLANTED: [file: string, source: string, rule: string][] = [
  ['protocol/1.ts', "export * from '../workflows/ok';", 'protocol-is-the-bottom'],
  ['protocol/2.ts', "export { Client } from '@temporalio/client';", 'protocol-packages'],
  ['protocol/3.ts', "export { readFile } from 'node:fs';", 'protocol-packages'],
  ['streams/1.ts', "export * from '../activities/ok';", 'streams-see-protocol'],
  ['streams/2.ts', "export { Client } from '@temporalio/client';", 'streams-packages'],
  ['workflows/1.ts', "export * from '../activities/ok';", 'workflows-see-protocol'],
  ['workflows/2.ts', "export { readFile } from 'node:fs';", 'workflows-packages'],
  ['workflows/3.ts', "export { z } from 'zod';", 'workflows-packages'],
  ['workflows/4.ts', "export { agentDefinitionSchema } from '../protocol/agent';", 'workflows-without-zod'],
  ['activities/1.ts', "export * from '../workers/ok';", 'activities-see-protocol'],
  ['activities/2.ts', "export * from '../workflows/ok';", 'activities-see-protocol'],
  ['activities/3.ts', "export { default } from 'openai';", 'activities-packages'],
  ['activities/providers/1.ts', "export { log } from '@temporalio/activity';", 'adapters-without-temporal'],
  ['activities/tools/1.ts', "export type { Duration } from '@temporalio/common';", 'adapters-without-temporal'],
  ['activities/stores/1.ts', "export * from '../ok';", 'adapters-see-protocol-and-their-contract'],
  ['activities/tools/2.ts', "export * from '../providers/ok';", 'adapters-see-protocol-and-their-contract'],
  ['workers/1.ts', "export * from '../client/ok';", 'workers-see-activities'],
  ['workers/2.ts', "export * from '../workflows/ok';", 'workers-see-activities'],
  ['client/1.ts', "export * from '../workers/ok';", 'client-sees-protocol'],
  ['client/2.ts', "export { Worker } from '@temporalio/worker';", 'client-packages'],
  ['apps/cli/1.ts', "export * from '../../activities/ok';", 'apps-are-thin'],
  ['testing/1.ts', "export * from '../test/ok';", 'nothing-imports-tests'],
  ['examples/01/1.ts', "export * from '../../client/ok';", 'examples-use-the-package'],
  ['index.ts', "export * from './client/ok';", 'entry-is-definitions'],
  ['client/3.ts', "import { four } from './4';\nexport const three = (): unknown => four;", 'no-circles'],
  ['client/5.ts', "export * from './nowhere';", 'resolvable'],
];

/** What they lean on, and imports that are allowed. */
const FINE: [file: string, source: string][] = [
  ...[...ROOMS, 'test', 'activities/providers'].map((room): [string, string] => [
    `${room}/ok.ts`,
    'export const ok = 1;',
  ]),
  ['client/4.ts', "import { three } from './3';\nexport const four = (): unknown => three;"],
  [
    'protocol/agent.ts',
    "import { z } from 'zod';\nexport const agentDefinitionSchema = z.string();\nexport type Agent = string;",
  ],
  ['workflows/fine.ts', "import type { Agent } from '../protocol/agent';\nexport type { Agent };"],
  ['apps/cli/fine.ts', "export * from '../../client/ok';\nexport * from '../../protocol/ok';"],
  ['workers/fine.ts', "export * from '../activities/ok';\nexport { readFile } from 'node:fs';"],
];

describe('a planted violation', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-arrows-'));
  let found: string[] = [];

  beforeAll(() => {
    for (const name of [CONFIG, 'tsconfig.json', 'package.json'])
      cpSync(path.join(ROOT, name), path.join(folder, name));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    for (const [file, source] of [...FINE, ...PLANTED]) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), `${source}\n`);
    }
    found = violationsIn(folder).map(({ rule, from }) => `${from} ${rule.name}`);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(PLANTED)('is caught in %s: %s', (file, _source, rule) => {
    expect(found).toContain(`${file} ${rule}`);
  });

  test('is found nowhere else', () => {
    const planted = new Set([...PLANTED.map(([file]) => file), 'client/4.ts']);
    expect(found.filter((violation) => !planted.has(violation.split(' ', 1)[0] ?? ''))).toEqual([]);
  });
});
