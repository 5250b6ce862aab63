/**
 * `npm run build`: compiles to dist/, copies the one plain JavaScript file, and prebuilds the workflow bundle so that a
 * worker without workflows of its own starts without webpack.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(path.join(root, 'package.json'));
const workflows = path.join(root, 'dist', 'workflows');
const MAP = '\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

const compiled = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
mkdirSync(workflows, { recursive: true });
copyFileSync(path.join(root, 'workflows', 'entry.js'), path.join(workflows, 'entry.js'));

const { bundleWorkflowCode } = require('@temporalio/worker');
const quiet = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };
const { code } = await bundleWorkflowCode({
  workflowsPath: path.join(workflows, 'index.js'),
  workflowInterceptorModules: [path.join(workflows, 'interceptors.js')],
  // Loaded once by a worker, not once a run: see `workers/bundler.ts`.
  preloadModules: ['interceptors.js', 'index.js'].map((file) => path.join(workflows, file)),
  logger: quiet,
});
writeFileSync(path.join(workflows, 'bundle.js'), portable(code));
// A bundle fits exactly the SDK version it was made with; `workers/bundler.ts` compares.
writeFileSync(
  path.join(workflows, 'bundle.json'),
  `${JSON.stringify({ sdk: require('@temporalio/worker/package.json').version })}\n`,
);

/** The bundle without the builder's paths and without the sources, which would triple what a worker has to parse. */
function portable(bundle) {
  const at = bundle.lastIndexOf(MAP);
  const map = JSON.parse(Buffer.from(bundle.slice(at + MAP.length), 'base64').toString('utf8'));
  delete map.sourcesContent;
  map.sources = map.sources.map((source) => path.relative(root, source));
  map.file = 'bundle.js';
  return bundle.slice(0, at).replaceAll(`${root}/`, '') + MAP + Buffer.from(JSON.stringify(map)).toString('base64');
}
