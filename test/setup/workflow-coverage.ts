import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { WorkflowCoverage } from '@temporalio/nyc-test-coverage';
import type { BundleOptions, InjectedSinks, WorkerOptions } from '@temporalio/worker';
import type { HitSinks, Hits } from './coverage-interceptors';

/**
 * Coverage of workflow code as the sandbox executes it, added to jest's own. Does nothing when jest collects none. The
 * instrumentation is jest's, see `coverage-loader.cjs`; what was run comes out of the sandbox by `coverage-interceptors.ts`.
 */

type Counters = Record<'s' | 'f', Record<string, number>> & { b: Record<string, number[]> };

const collecting = (): boolean => '__coverage__' in globalThis;
/** Where the loader leaves, beside the bundles, what there is to count in each file. */
const mapsFolder = (): string => path.join(process.env.HOLDFAST_TEST_BUNDLES ?? '', 'coverage');
const counted = new Map<string, Hits>();

/** A bundle for tests: without the sources, which every worker would read and take apart, and instrumented where that is asked for. */
export function bundleForTests(options: BundleOptions): BundleOptions {
  if (!collecting()) {
    return { ...options, webpackConfigHook: (config) => ({ ...config, devtool: 'inline-nosources-source-map' }) };
  }
  const interceptors = require.resolve('./coverage-interceptors');
  return {
    ...options,
    workflowInterceptorModules: [...(options.workflowInterceptorModules ?? []), interceptors],
    webpackConfigHook: (config) => {
      const use = { loader: require.resolve('./coverage-loader.cjs'), options: { mapsFolder: mapsFolder() } };
      // First of its kind: the rule of the bundler that compiles TypeScript must not see these files.
      const rules = (config.module?.rules ?? []).map((rule) =>
        rule !== null && typeof rule === 'object' ? { ...rule, exclude: OURS } : rule,
      );
      const module = { ...config.module, rules: [...rules, { test: OURS, use }] };
      return { ...config, module, devtool: 'inline-nosources-cheap-source-map' };
    },
  };
}

/** With their folders: a file that is left out here looks as if no workflow ever ran it. */
const OURS = /[\\/](workflows|protocol)[\\/]([\w-]+[\\/])*[\w-]+\.ts$/;

export function withCoverageSinks(): Pick<WorkerOptions, 'sinks'> {
  if (!collecting()) return {};
  const add = (_info: unknown, hits: Record<string, Hits>): void => {
    for (const [file, { s, f, b }] of Object.entries(hits)) {
      const known = counted.get(file) ?? { s: [], f: [], b: [] };
      known.s.push(...s);
      known.f.push(...f);
      known.b.push(...b);
      counted.set(file, known);
    }
  };
  const sinks: InjectedSinks<HitSinks> = { hits: { add: { fn: add, callDuringReplay: true } } };
  return { sinks };
}

/** To be called when a test file is done. */
export function addWorkflowCoverage(): void {
  if (!collecting() || counted.size === 0) return;
  const coverage = new WorkflowCoverage();
  const names = readdirSync(mapsFolder()).filter((name) => name.endsWith('.json'));
  const maps = names.map((name) => JSON.parse(readFileSync(path.join(mapsFolder(), name), 'utf8')));
  const report = Object.fromEntries(maps.map((map) => [map.path, withHits(map, counted.get(map.path))]));
  counted.clear();
  (coverage.sinks.coverage as { merge: { fn(info: unknown, report: object): void } }).merge.fn(undefined, report);
  coverage.mergeIntoGlobalCoverage();
  const holder = globalThis as { __coverage__?: unknown };
  // As plain data: jest reads it outside of the test's realm, where it does not know the classes of inside.
  holder.__coverage__ = JSON.parse(JSON.stringify(holder.__coverage__));
}

function withHits(map: Counters, hits: Hits | undefined): Counters {
  for (const id of hits?.s ?? []) map.s[id] = 1;
  for (const id of hits?.f ?? []) map.f[id] = 1;
  for (const [id, arm] of hits?.b ?? []) (map.b[id] ?? [])[arm] = 1;
  return map;
}
