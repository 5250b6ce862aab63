import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ProviderDefinition } from '../../activities/providers/definition';
import type { Tool } from '../../activities/tools/define-tool';
import { loadModule, loadTools } from '../../activities/tools/load-tools';
import type { AgentDefinition } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import { type AgentSource, definitionOf, readAgent, readAgentYaml } from './agent-file';
import { loadProviders } from './load-providers';
import { readTextFile } from './text-file';

/** An agent and the file it was read from. */
export interface LoadedAgent {
  definition: AgentDefinition;
  /** Relative to the project, or to the package for its own agents. */
  file: string;
}

/** A folder with `agents/*.yaml` (or `.ts`), `tools/*.ts` and `providers/*.ts`. */
export interface Project {
  root: string;
  agents: LoadedAgent[];
  tools: Tool[];
  /** Model vendors' adapters of the project's own. */
  providers: ProviderDefinition[];
  /** True when the folder has no agents and these are the ones that come with Holdfast. */
  builtInAgents: boolean;
}

/**
 * Reads a project folder: its agents, tools and model providers. Without agents of its own, those that come with
 * Holdfast are given.
 * @throws HoldfastError `Agent.Invalid`, `Tool.Invalid`, `Config.Invalid` (of a provider) naming the file at fault.
 *
 * @example
 * ```ts
 * import { loadProject } from 'holdfast/worker';
 *
 * const { agents, tools, builtInAgents } = await loadProject('my-project');
 * if (builtInAgents) console.log('my-project/agents is empty; using the agents of the package');
 * for (const { definition, file } of agents) console.log(definition.name, file);
 * for (const { name, spec } of tools) console.log(name, spec.effect);
 * ```
 */
export async function loadProject(root: string): Promise<Project> {
  const home = await agentsHome(root);
  const [sources, tools, providers] = await Promise.all([
    readAgents(home),
    loadTools(path.join(root, 'tools')),
    loadProviders(root),
  ]);
  const agents = sources.map((source) => ({ definition: definitionOf(source), file: source.file }));
  const twice = duplicatesIn(agents)[0];
  if (twice) {
    const { name, file, other } = twice;
    throw new HoldfastError('Agent.Invalid', `${file}: the agent "${name}" is defined in ${other} too`, {
      hint: 'Give one of them another name.',
    });
  }
  return { root, agents, tools, providers, builtInAgents: home !== root };
}

/** The folder whose `agents/` count: the project's own, or the package's while the project has none. */
export async function agentsHome(root: string): Promise<string> {
  return (await agentFiles(root)).length > 0 ? root : packageRoot();
}

/** Every agent file of a project, whole or with what is wrong with it. */
export async function readAgents(root: string): Promise<AgentSource[]> {
  return Promise.all((await agentFiles(root)).map((file) => readAgentFile(file, root)));
}

/** Names that more than one file gives. */
export function duplicatesIn(agents: readonly LoadedAgent[]): { name: string; file: string; other: string }[] {
  const seen = new Map<string, string>();
  return agents.flatMap(({ definition: { name }, file }) => {
    const other = seen.get(name);
    if (other === undefined) seen.set(name, file);
    return other === undefined ? [] : { name, file, other };
  });
}

/** @param file relative to `root`. */
export async function readAgentFile(file: string, root: string): Promise<AgentSource> {
  const full = path.resolve(root, file);
  try {
    if (/\.ya?ml$/.test(file)) return readAgentYaml(readTextFile(full), file);
    const module = (await loadModule(full)) as { default?: unknown };
    return readAgent(module.default ?? module, file);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = (error as HoldfastError).hint ?? 'Give the path of an agent file, YAML or TypeScript.';
    return { file, problems: [{ file, path: '', message, hint }] };
  }
}

async function agentFiles(root: string): Promise<string[]> {
  const folder = path.join(root, 'agents');
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((name) => /\.(ya?ml|[cm]?[jt]s)$/.test(name) && !name.endsWith('.d.ts'));
  return names.sort().map((name) => path.join('agents', name));
}

/** Ours, from sources as from `dist`. */
function packageRoot(): string {
  const up = path.resolve(__dirname, '..', '..');
  return path.basename(up) === 'dist' ? path.dirname(up) : up;
}
