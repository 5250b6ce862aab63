import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';

const WORKFLOWS = path.join(__dirname, '..', 'workflows');
const OURS = require.resolve('../workflows/index');
const ENTRY = path.join(WORKFLOWS, 'entry.js');
const PREBUILT = path.join(WORKFLOWS, 'bundle.js');
const PREBUILT_SDK = path.join(WORKFLOWS, 'bundle.json');
const USER_MODULE = '__holdfast_user_workflows';

type WebpackHook = NonNullable<BundleOptions['webpackConfigHook']>;

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

/** Adds our workflows to the user's, without a re-export in their file. Safe to apply twice to the same options. */
export function withUserWorkflows(options: BundleOptions): BundleOptions {
  const userPath = options.workflowsPath;
  if (userPath === ENTRY || userPath === OURS) return options;
  const before = options.webpackConfigHook;
  const hook: WebpackHook = (config) => {
    const given = before ? before(config) : config;
    const alias = { ...(given.resolve?.alias as Record<string, string>), [`${USER_MODULE}$`]: userPath };
    return { ...given, resolve: { ...given.resolve, alias } };
  };
  return { ...options, workflowsPath: ENTRY, webpackConfigHook: hook };
}
