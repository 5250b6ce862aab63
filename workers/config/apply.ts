import type { WorkerOptions } from '@temporalio/worker';
import type { Notifier } from '../../activities/notifiers/notifier';
import { webhook } from '../../activities/notifiers/webhook';
import { defaultModelRoute, type ProvidersConfig } from '../../activities/providers';
import type { AssemblyOptions } from '../assemble';
import type { Settings } from './schema';

type Environment = Readonly<Record<string, string | undefined>>;

/** The part of the settings that a worker's contents are made of; it may change while the worker runs. */
export function assemblySettings(
  settings: Settings,
  env: Environment,
): Pick<
  AssemblyOptions,
  | 'providerSettings'
  | 'models'
  | 'prices'
  | 'secrets'
  | 'defaultModel'
  | 'permissions'
  | 'people'
  | 'approvalKey'
  | 'notifiers'
  | 'registry'
> {
  return {
    providerSettings: providerSettings(settings, env),
    models: settings.models as NonNullable<ProvidersConfig['models']>,
    prices: settings.prices as NonNullable<AssemblyOptions['prices']>,
    secrets: settings.secrets,
    defaultModel: defaultModelOf(settings, env) ?? null,
    ...(settings.permissions && { permissions: settings.permissions as NonNullable<AssemblyOptions['permissions']> }),
    ...(settings.people && { people: settings.people as NonNullable<AssemblyOptions['people']> }),
    ...given({ approvalKey: approvalKeyOf(settings, env) }),
    notifiers: notifiersOf(settings, env),
    registry: registryOf(settings) ?? false,
  };
}

/** Where agents are entered; undefined for nowhere. */
export function registryOf({ worker }: Settings): string | undefined {
  return worker.registry === 'none' ? undefined : worker.registry;
}

/** What decisions on approvals are signed with, by workers and by whoever decides; undefined for no signatures. */
export function approvalKeyOf({ approvals }: Settings, env: Environment): string | undefined {
  return env[approvals.keyVariable] || undefined;
}

function notifiersOf({ approvals: { webhook: hook } }: Settings, env: Environment): Notifier[] {
  if (hook.url === undefined) return [];
  const key = env[hook.keyVariable] || undefined;
  return [webhook({ url: hook.url, ...(key !== undefined && { key }) })];
}

/** The part that a Temporal worker is started with. */
export function workerSettings({ worker }: Settings) {
  const { taskQueue, shutdownGrace, maxConcurrentActivities, maxConcurrentWorkflowTasks, maxCachedRuns } = worker;
  return {
    taskQueue,
    shutdownGraceTime: shutdownGrace,
    ...(maxConcurrentActivities && { maxConcurrentActivityTaskExecutions: maxConcurrentActivities }),
    ...(maxConcurrentWorkflowTasks && { maxConcurrentWorkflowTaskExecutions: maxConcurrentWorkflowTasks }),
    ...(maxCachedRuns && { maxCachedWorkflows: maxCachedRuns }),
  } satisfies Partial<WorkerOptions>;
}

/** The model of agents that name none; undefined when nothing may stand in for a missing key. */
export function defaultModelOf({ defaultModel, simulateWithoutKey }: Settings, env: Environment): string | undefined {
  if (defaultModel !== undefined) return defaultModel;
  const route = defaultModelRoute(env);
  return simulateWithoutKey || !route.startsWith('simulated/') ? route : undefined;
}

export function providerSettings({ providers }: Settings, env: Environment): ProvidersConfig['settings'] {
  const own = Object.entries(providers).map(([name, { baseUrl, keyVariable, key, timeouts = {}, ...same }]) => {
    const { connect: connectMs, firstByte: firstByteMs, idle: idleMs } = timeouts;
    const apiKey = keyVariable === undefined ? undefined : env[keyVariable];
    const settings = {
      ...same,
      baseURL: baseUrl,
      apiKey,
      keyReference: key,
      timeouts: given({ connectMs, firstByteMs, idleMs }),
    };
    return [name, given(settings)];
  });
  return Object.fromEntries(own) as ProvidersConfig['settings'];
}

/** Without what is undefined. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
