import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { loadModule, loadTools } from '../../activities/tools/load-tools';
import type { ToolDefinition } from '../../activities/tools/tool';
import type { AgentDefinition } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import { checkAgent, parseAgentYaml } from './agent-file';

export interface LoadedAgent {
  definition: AgentDefinition;
  /** Relative to the project. */
  file: string;
}

/** A folder with `agents/*.yaml` (or `.ts`) and `tools/*.ts`. */
export interface Project {
  root: string;
  agents: LoadedAgent[];
  tools: ToolDefinition[];
}

/** @throws HoldfastError `Agent.Invalid`, `Tool.Invalid` naming the file at fault. */
export async function loadProject(root: string): Promise<Project> {
  const [agents, tools] = await Promise.all([loadAgents(root), loadTools(path.join(root, 'tools'))]);
  const seen = new Map<string, string>();
  for (const { definition, file } of agents) {
    const other = seen.get(definition.name);
    if (other) {
      throw new HoldfastError('Agent.Invalid', `${file}: the agent "${definition.name}" is defined in ${other} too`, {
        hint: 'Give one of them another name.',
      });
    }
    seen.set(definition.name, file);
  }
  return { root, agents, tools };
}

async function loadAgents(root: string): Promise<LoadedAgent[]> {
  const folder = path.join(root, 'agents');
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((name) => /\.(ya?ml|[cm]?[jt]s)$/.test(name) && !name.endsWith('.d.ts'));
  return Promise.all(names.sort().map((name) => loadAgent(path.join('agents', name), root)));
}

async function loadAgent(file: string, root: string): Promise<LoadedAgent> {
  const full = path.join(root, file);
  if (/\.ya?ml$/.test(file)) return { definition: parseAgentYaml(await readFile(full, 'utf8'), file), file };
  const module = (await loadModule(full)) as { default?: unknown };
  return { definition: checkAgent(module.default ?? module, file), file };
}
