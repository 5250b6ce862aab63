import path from 'node:path';
import { BUILTIN_TOOLS, expandToolNames, WORKFLOW_TOOLS } from '../../activities/tools';
import { loadTools } from '../../activities/tools/load-tools';
import { type Agent, agentDefinitionSchema } from '../../protocol/agent';
import type { AgentCheck } from '../../protocol/agent-check';
import { undoSpecOf } from '../../protocol/compensation';
import { HoldfastError } from '../../protocol/failures';
import { type ExplainedTool, explainTool, type Policies, weaknessesOf } from '../../protocol/permissions/explain';
import { policySchema } from '../../protocol/permissions/policy';
import { policyProblems, rulesOf } from '../../protocol/permissions/policy-problems';
import type { ToolSpec } from '../../protocol/tool';
import { assemblySettings, defaultModelOf } from '../config/apply';
import { type AgentSource, definitionOf } from './agent-file';
import type { Surroundings } from './inspect-project';
import { agentsHome, readAgentFile, readAgents } from './load-project';

/**
 * What an agent may do, by the code that decides while it runs. A rule or tool that means nothing is a warning here, where a worker
 * would refuse the agent.
 * @param named an agent of the project, or the path of an agent's file.
 * @throws HoldfastError `Agent.Unknown`, `Agent.Invalid` for a file that is no agent.
 */
export async function checkAgent(root: string, named: string, around: Surroundings): Promise<AgentCheck> {
  const source = await sourceOf(root, named);
  const agent = agentDefinitionSchema.parse(definitionOf(source));
  const { env, config } = around;
  const worker = policySchema.parse(assemblySettings(config.settings, env).permissions ?? {});
  const policies: Policies = { agent: agent.name, worker, own: agent.permissions ?? {} };
  const own = await loadTools(path.join(root, 'tools'));
  const known = [...BUILTIN_TOOLS, ...own];
  const { specs, warnings } = granted(agent, [...known.map(({ spec }) => spec), ...WORKFLOW_TOOLS], known);
  const secretsOf = ({ name }: ToolSpec) => [...(known.find((tool) => tool.name === name)?.secrets ?? [])];
  const undoes = agent.onFailure === 'compensate';
  const tools = specs.map((spec) => ({
    ...explainTool(policies, spec),
    secrets: secretsOf(spec),
    priceUsd: spec.priceUsd ?? 0,
    undo: undoes && spec.undoes ? explainTool(policies, undoSpecOf(spec)) : null,
  }));
  const outside = specs.filter((spec) => spec.outside === true).map(({ name }) => name);
  const callable = undoes ? [...specs, ...specs.filter((spec) => spec.undoes).map(undoSpecOf)] : specs;
  // A file of a mounted folder and a message with a source taint too: an agent is never safe from it.
  const weak = weaknessesOf(policies, callable, true);
  return {
    agent: agent.name,
    file: source.file,
    model: agent.model ?? defaultModelOf(config.settings, env) ?? 'none',
    models: agent.permissions?.models ?? worker.models ?? null,
    profile: agent.permissions?.profile ?? worker.profile ?? 'strict',
    tools,
    people: tools.flatMap((tool) => [...asking(tool), ...(tool.undo ? asking(tool.undo) : [])]),
    spend: { limits: agent.limits, account: agent.account ?? null },
    outside,
    secrets: [...new Set(tools.flatMap(({ secrets }) => secrets))],
    onFailure: agent.onFailure ?? 'keep',
    degrade: { model: agent.degrade?.model ?? [], tools: Object.keys(agent.degrade?.tools ?? {}) },
    warnings: [...warnings, ...badRules(agent, specs), ...withoutRepeats(weak, agent, specs)],
  };
}

async function sourceOf(root: string, named: string): Promise<AgentSource> {
  if (/[/\\]|\.(ya?ml|[cm]?[jt]s)$/.test(named)) return readAgentFile(named, root);
  const sources = await readAgents(await agentsHome(root));
  const found = sources.find(({ definition }) => definition?.name === named);
  if (found) return found;
  // A file with a fault in it has no name but its own.
  const faulty = sources.find(({ file }) => path.basename(file).replace(/\.[^.]+$/, '') === named);
  if (faulty) return faulty;
  const names = sources.flatMap(({ definition }) => (definition ? [definition.name] : []));
  throw new HoldfastError('Agent.Unknown', `there is no agent ${JSON.stringify(named)}`, {
    hint: `Known agents: ${names.join(', ') || 'none'}. The path of an agent's file does as well.`,
  });
}

type Warnings = AgentCheck['warnings'];

/** The tools there are of those it is granted, and a warning for each that there is not. */
function granted(
  { tools }: Agent,
  specs: readonly ToolSpec[],
  known: readonly { name: string; toolset?: string | undefined }[],
): { specs: ToolSpec[]; warnings: Warnings } {
  const warnings: Warnings = [];
  const names = tools.flatMap((tool) => {
    try {
      return expandToolNames([tool], [...known, ...WORKFLOW_TOOLS]);
    } catch (error) {
      if (!HoldfastError.is(error)) throw error;
      warnings.push({ code: 'unknown-tool', tool, message: [error.message, error.hint].filter(Boolean).join('. ') });
      return [];
    }
  });
  return { specs: specs.filter(({ name }) => names.includes(name)), warnings };
}

/** What a worker would refuse the agent for. */
function badRules({ permissions = {} }: Agent, specs: readonly ToolSpec[]): Warnings {
  const texts = new Map(rulesOf(permissions).map(({ keys, text }) => [keys.join('.'), text]));
  return policyProblems(permissions, specs).map(({ keys, message, hint }) => {
    const rule = texts.get(keys.join('.'));
    const code = message.includes('names no tool') ? ('unknown-tool' as const) : ('bad-rule' as const);
    return { code, message: `${keys.join('.')}: ${message}. ${hint}`, ...(rule !== undefined && { rule }) };
  });
}

/** A rule that is wrong does nothing besides: once is enough. */
function withoutRepeats(weak: Warnings, agent: Agent, specs: readonly ToolSpec[]): Warnings {
  const said = new Set(badRules(agent, specs).map(({ rule }) => rule));
  return weak.filter(({ rule }) => rule === undefined || !said.has(rule));
}

function asking({ name, otherwise, mounted, tainted, cases }: ExplainedTool): string[] {
  const asks = cases.filter(({ verdict, decides }) => verdict === 'ask' && decides?.verdict !== 'deny');
  if (otherwise.verdict === 'ask') return [name];
  return [
    ...(mounted?.verdict === 'ask' ? [`${name} in a mounted folder`] : []),
    ...(tainted?.verdict === 'ask' ? [`${name} after content from outside`] : []),
    ...asks.map(({ rule, tainted: after }) => (after ? `${rule} after content from outside` : rule)),
  ];
}
