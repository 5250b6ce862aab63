import { WorkflowCoverage } from '@temporalio/nyc-test-coverage';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';

/**
 * Coverage of workflow code as the sandbox executes it, added to jest's own. Does nothing when jest collects none. Temporal’s
 * package brings the counters out of the sandbox; the instrumentation is jest's, see `coverage-loader.cjs`.
 */
const coverage = new WorkflowCoverage();

const collecting = (): boolean => '__coverage__' in globalThis;

export function instrumented(options: BundleOptions): BundleOptions {
  if (!collecting()) return options;
  return {
    ...options,
    workflowInterceptorModules: [...(options.workflowInterceptorModules ?? []), coverage.interceptorModule],
    webpackConfigHook: (config) => {
      const use = { loader: require.resolve('./coverage-loader.cjs') };
      // First of its kind: the rule of the bundler that compiles TypeScript must not see these files.
      const rules = (config.module?.rules ?? []).map((rule) =>
        rule !== null && typeof rule === 'object' ? { ...rule, exclude: OURS } : rule,
      );
      return { ...config, module: { ...config.module, rules: [...rules, { test: OURS, use }] } };
    },
  };
}

/** With their folders: a file that is left out here looks as if no workflow ever ran it. */
const OURS = /[\\/](workflows|protocol)[\\/]([\w-]+[\\/])*[\w-]+\.ts$/;

export function withCoverageSinks(): Pick<WorkerOptions, 'sinks'> {
  return collecting() ? { sinks: coverage.sinks } : {};
}

/** To be called when a test file is done. */
export function addWorkflowCoverage(): void {
  if (!collecting()) return;
  coverage.mergeIntoGlobalCoverage();
  const holder = globalThis as { __coverage__?: unknown };
  // As plain data: jest reads it outside of the test's realm, where it does not know the classes of inside.
  holder.__coverage__ = JSON.parse(JSON.stringify(holder.__coverage__));
}
