import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';
import { HoldfastError } from '../protocol/failures';

const WORKFLOWS = path.join(__dirname, '..', 'workflows');
const OURS = require.resolve('../workflows/index');
const FOR_USERS = require.resolve('../workflows/public');
const ENTRY = path.join(WORKFLOWS, 'entry.js');
const INTERCEPTORS = require.resolve('../workflows/interceptors');
const PREBUILT = path.join(WORKFLOWS, 'bundle.js');
const PREBUILT_SDK = path.join(WORKFLOWS, 'bundle.json');
const USER_MODULE = '__holdfast_user_workflows';

type WebpackHook = NonNullable<BundleOptions['webpackConfigHook']>;
type WebpackPlugin = Extract<NonNullable<Parameters<WebpackHook>[0]['plugins']>[number], { apply: unknown }>;
/** After webpack has found out what each module exports. */
const EXPORTS_KNOWN = 1_000;

/**
 * Our workflows alone: the bundle that ships with the package, which starts without webpack. Bundled anew when there is none
 * (from sources) or when it was made with another version of the SDK, which it would not fit.
 */
export function ownWorkflows(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return prebuiltFits() ? { workflowBundle: { codePath: PREBUILT } } : { workflowsPath: OURS };
}

function prebuiltFits(): boolean {
  if (!existsSync(PREBUILT)) return false;
  const { sdk } = JSON.parse(readFileSync(PREBUILT_SDK, 'utf8')) as { sdk: string };
  return sdk === (require('@temporalio/worker/package.json') as { version: string }).version;
}

/**
 * Bundles what keeps every run replayable, and lets a worker load our modules once instead of once a run: they keep nothing that differs
 * from run to run. Safe to apply twice.
 */
export function withInterceptors(options: BundleOptions): BundleOptions {
  const { workflowInterceptorModules: given = [], preloadModules = [] } = options;
  if (given.includes(INTERCEPTORS)) return options;
  return {
    ...options,
    workflowInterceptorModules: [...given, INTERCEPTORS],
    preloadModules: [...preloadModules, INTERCEPTORS, OURS, FOR_USERS],
  };
}

/**
 * Adds our workflows to the user's, without a re-export in their file. Safe to apply twice to the same options. Bundling fails
 * with HoldfastError `Workflow.Reserved` when one of theirs has a name of ours.
 */
export function withUserWorkflows(options: BundleOptions): BundleOptions {
  const userPath = options.workflowsPath;
  if (userPath === ENTRY || userPath === OURS) return options;
  const before = options.webpackConfigHook;
  const hook: WebpackHook = (config) => {
    const given = before ? before(config) : config;
    const alias = { ...(given.resolve?.alias as Record<string, string>), [`${USER_MODULE}$`]: userPath };
    return { ...given, resolve: { ...given.resolve, alias }, plugins: [...(given.plugins ?? []), refuseOurNames] };
  };
  return { ...options, workflowsPath: ENTRY, webpackConfigHook: hook };
}

/** A clash is told while the worker is made; `entry.js` would tell it too, but only when the first run fails. */
const refuseOurNames: WebpackPlugin = {
  apply({ hooks }) {
    hooks.compilation.tap('holdfast', ({ hooks: { finishModules }, moduleGraph }) => {
      finishModules.tap({ name: 'holdfast', stage: EXPORTS_KNOWN }, (modules) => {
        const entry = [...modules].find((module) => 'resource' in module && module.resource === ENTRY);
        if (!entry) return;
        const exported = new Map<string, readonly string[]>();
        for (const { dependency, module } of moduleGraph.getOutgoingConnections(entry)) {
          const names = moduleGraph.getProvidedExports(module);
          // What a CommonJS module computes is not known here.
          if (dependency && 'request' in dependency && Array.isArray(names))
            exported.set(`${dependency.request}`, names);
        }
        const taken = exported.get(USER_MODULE)?.filter((name) => exported.get('./index')?.includes(name)) ?? [];
        if (taken.length > 0) throw reserved(taken);
      });
    });
  },
};

function reserved(names: readonly string[]): HoldfastError {
  return new HoldfastError('Workflow.Reserved', `workflow types that belong to Holdfast: ${names.join(', ')}`, {
    hint: 'Export your workflow under another name.',
  });
}
