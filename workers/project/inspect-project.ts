import path from 'node:path';
import { Catalogue } from '../../activities/catalogue';
import { createProviders, PROVIDERS, type Providers } from '../../activities/providers';
import type { ProviderDefinition } from '../../activities/providers/definition';
import { BUILTIN_TOOLS, expandToolNames, WORKFLOW_TOOLS } from '../../activities/tools';
import type { Tool } from '../../activities/tools/define-tool';
import { loadTools } from '../../activities/tools/load-tools';
import type { AgentDefinition, ResolvedAgent } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import { policySchema } from '../../protocol/permissions/policy';
import { assemblySettings, defaultModelOf } from '../config/apply';
import type { Config } from '../config/load-config';
import type { AgentSource } from './agent-file';
import { agentsHome, duplicatesIn, loadProject, readAgentFile, readAgents } from './load-project';
import { loadProviders } from './load-providers';
import { PROVIDERS_FOLDER } from './provider-files';
import type { FileProblem } from './source-file';

/** Looking at a project without running it: what `holdfast agent` and `holdfast doctor` show. */

type Environment = Readonly<Record<string, string | undefined>>;

/** What counts besides the files of agents and tools. */
export interface Surroundings {
  env: Environment;
  config: Config;
}

export interface CheckedAgent {
  file: string;
  name: string | null;
  problems: FileProblem[];
}

/** Every agent file with everything that would keep it from running, a missing provider key apart. */
export async function checkProject(
  root: string,
  files: readonly string[],
  around: Surroundings,
): Promise<CheckedAgent[]> {
  const { own, problems: broken } = await ownOf(root);
  const home = await agentsHome(root);
  const sources =
    files.length > 0 ? await Promise.all(files.map((file) => readAgentFile(file, root))) : await readAgents(home);
  const sound = sources.flatMap(({ definition, file, problems }) =>
    definition && problems.length === 0 ? { definition, file } : [],
  );
  const duplicates = new Map(duplicatesIn(sound).map((duplicate) => [duplicate.file, duplicate]));
  const checked = sources.map((source) => {
    const problems = [...source.problems, ...useProblems(source, own, around)];
    const twice = duplicates.get(source.file);
    if (twice) problems.push(duplicateProblem(source, twice));
    return { file: source.file, name: source.definition?.name ?? null, problems };
  });
  return [...checked, ...broken.map((problem) => ({ file: problem.file, name: null, problems: [problem] }))];
}

/** An agent as a run would be pinned to it. `missingKey` tells what the model still needs. */
export interface ShownAgent {
  file: string;
  agent: ResolvedAgent;
  missingKey?: string;
}

/** @throws HoldfastError `Agent.Invalid`, `Agent.Unknown`, `Tool.*`, `Model.UnknownProvider`. */
export async function describeAgents(root: string, around: Surroundings): Promise<ShownAgent[]> {
  const project = await loadProject(root);
  const definitions = project.agents.map(({ definition }) => definition);
  const catalogue = catalogueOf(definitions, project, around);
  return project.agents.map(({ definition, file }) => {
    const agent = catalogue.resolve(definition.name);
    const missingKey = missingKeyOf(agent.model, project, around);
    return { file, agent, ...(missingKey !== undefined && { missingKey }) };
  });
}

function missingKeyOf(route: string, own: Own, around: Surroundings): string | undefined {
  if (route === NO_MODEL) return 'it names no model, and no provider has a key';
  try {
    providersOf(own, around).providerFor(route);
    return undefined;
  } catch (error) {
    if (HoldfastError.is(error) && error.code === 'Model.MissingKey') return error.message;
    throw error;
  }
}

/** What a project brings beside its agents. */
interface Own {
  tools: readonly Tool[];
  providers: readonly ProviderDefinition[];
}

/** Both as far as they can be loaded, with what is wrong where they cannot. */
async function ownOf(root: string): Promise<{ own: Own; problems: FileProblem[] }> {
  const problems: FileProblem[] = [];
  const none = (file: string) => (error: unknown) => {
    if (!HoldfastError.is(error)) throw error;
    problems.push({ file, path: '', message: error.message, hint: error.hint ?? '' });
    return [];
  };
  const tools: readonly Tool[] = await loadTools(path.join(root, 'tools')).catch(none('tools'));
  const providers: readonly ProviderDefinition[] = await loadProviders(root).catch(none(PROVIDERS_FOLDER));
  return { own: { tools, providers }, problems };
}

/** Stands for the model of an agent that has none. */
const NO_MODEL = 'none';

function providersOf({ providers: extra }: Own, { env, config: { settings } }: Surroundings): Providers {
  const { providerSettings, models } = assemblySettings(settings, env);
  return createProviders({
    env,
    extra,
    ...(providerSettings && { settings: providerSettings }),
    ...(models && { models }),
  });
}

function catalogueOf(agents: AgentDefinition[], own: Own, { env, config }: Surroundings) {
  const tools = [...BUILTIN_TOOLS, ...own.tools];
  const named = [...tools, ...WORKFLOW_TOOLS];
  const policy = policySchema.parse(assemblySettings(config.settings, env).permissions ?? {});
  return new Catalogue({
    agents,
    tools: [...tools.map((tool) => tool.spec), ...WORKFLOW_TOOLS],
    expandTools: (names) => expandToolNames(names, named),
    policy,
    defaultModel: defaultModelOf(config.settings, env) ?? NO_MODEL,
    checkModel: () => undefined,
  });
}

/** What a worker would refuse of an agent whose file is well formed. */
function useProblems(source: AgentSource, own: Own, around: Surroundings): FileProblem[] {
  const { definition, file, problems, lineOf } = source;
  if (!definition || problems.length > 0) return [];
  const at = (key: string, message: string, hint = ''): FileProblem => ({
    file,
    ...(lineOf && { line: lineOf([key]) }),
    path: key,
    message,
    hint,
  });
  const attempt = (key: string, work: () => void): FileProblem[] => {
    try {
      work();
      return [];
    } catch (error) {
      if (!HoldfastError.is(error)) throw error;
      if (error.code === 'Model.MissingKey') return [];
      const { keys } = (error.details ?? {}) as { keys?: PropertyKey[] };
      const problem = at(key, error.message, error.hint);
      if (!keys) return [problem];
      return [{ ...problem, path: keys.join('.'), ...(lineOf && { line: lineOf(keys) }) }];
    }
  };
  const { output, ...withoutOutput } = definition;
  const check = (agent: AgentDefinition) => () => void catalogueOf([agent], own, around);
  const inTools = attempt('tools', check(withoutOutput));
  const inOutput = inTools.length === 0 && output ? attempt('output', check(definition)) : [];
  const { model } = definition;
  const inModel = model === undefined ? [] : attempt('model', () => void providersOf(own, around).providerFor(model));
  return [...inTools, ...inOutput, ...inModel];
}

function duplicateProblem(source: AgentSource, { name, other }: { name: string; other: string }): FileProblem {
  return {
    file: source.file,
    ...(source.lineOf && { line: source.lineOf(['name']) }),
    path: 'name',
    message: `the agent "${name}" is defined in ${other} too`,
    hint: 'Give one of them another name.',
  };
}

/** Which providers have a key. The keys themselves are not looked at further. */
export function providerKeys(env: Environment): { provider: string; variable: string; present: boolean }[] {
  return PROVIDERS.flatMap(({ name, keyVariable }) =>
    keyVariable === undefined ? [] : { provider: name, variable: keyVariable, present: Boolean(env[keyVariable]) },
  );
}
