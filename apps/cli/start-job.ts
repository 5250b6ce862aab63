import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Mount } from '../../protocol/session';
import { defaultModelOf } from '../../workers/config/apply';
import type { Context } from './context';
import { executeRun } from './execute-run';
import type { ExitCode } from './exit-codes';
import { mountsOf } from './mounts';
import { submitTask } from './task/submit-task';

export interface StartRequest {
  task?: string;
  in?: string[];
  agent?: string;
  model?: string;
  budget?: number;
}

const OWN_FOLDERS = ['docs', 'examples'];
const AGENT = 'reporter';

/**
 * The main job: a goal over real files that a team of agents reaches; with a task, an agent or a model of one's own, or without a
 * folder, a run of one agent. Says first what it is going to do, and with which model.
 */
export function startJob(context: Context, request: StartRequest): Promise<ExitCode> {
  const { task, agent, model, budget } = request;
  const mounts = mountsOf(foldersOf(context, request));
  const budgetUsd = budget === undefined ? {} : { budgetUsd: budget };
  if (task === undefined && agent === undefined && model === undefined && mounts.length > 0) {
    const goal = reportGoal(mounts);
    announce(context, request, mounts, `A team of agents works on a goal: ${context.out.note.dim(goal)}`);
    return submitTask(context, { what: goal, mounts, ...budgetUsd });
  }
  const input = task ?? reportTask(mounts);
  const { bold, dim } = context.out.note;
  announce(context, request, mounts, `Holdfast runs the agent ${bold(agent ?? AGENT)}: ${dim(input)}`);
  return executeRun(context, {
    agent: agent ?? AGENT,
    input,
    mounts,
    ...(model !== undefined && { model }),
    ...budgetUsd,
  });
}

function foldersOf({ project }: Context, { task, in: given }: StartRequest): string[] {
  if (given || task !== undefined) return given ?? [];
  return OWN_FOLDERS.map((name) => path.join(project, name)).filter((folder) => existsSync(folder));
}

function announce({ out, env, config }: Context, request: StartRequest, mounts: Mount[], what: string): void {
  const model = request.model ?? defaultModelOf(config.settings, env) ?? 'none';
  out.say(what);
  for (const { name, path: folder } of mounts) out.say(`  reads   ${name} (${folder})`);
  out.say(`  model   ${model}`);
  if (model.startsWith('simulated/')) {
    out.say('          No key is set, so rules answer and not a model; the tools and the files are real.');
    out.say('          For a real one: OPENAI_API_KEY=… npm start, or ANTHROPIC_API_KEY=… npm start');
  }
  if (request.task === undefined && !request.in) out.say('  yours   npm start -- "TASK" --in DIR --agent NAME');
  out.say();
}

/** Names in quotes, so that nobody has to guess where a name ends. */
function reportGoal(mounts: readonly Mount[]): string {
  const names = listed(mounts.map(({ name }) => `\`${name}\``));
  return mounts.length > 1
    ? `Survey the folders ${names}, each on its own, and put what is there together in one report, report.md.`
    : `Survey the folder ${names} and write a report about what is there, report.md.`;
}

function reportTask(mounts: readonly Mount[]): string {
  const names = mounts.map(({ name }) => name);
  const where = names.length > 1 ? `the folders ${listed(names)}` : `the folder ${names[0] ?? 'you are in'}`;
  return `Survey ${where} and write a report about what is there.`;
}

function listed(names: readonly string[]): string {
  return names.length < 3 ? names.join(' and ') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
