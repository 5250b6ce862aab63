import { existsSync } from 'node:fs';
import path from 'node:path';
import { defaultModelOf } from '../../workers/config/apply';
import type { Context } from './context';
import { executeRun } from './execute-run';
import type { ExitCode } from './exit-codes';
import { mountsOf } from './mounts';

export interface StartRequest {
  task?: string;
  in?: string[];
  agent: string;
  model?: string;
  budget?: number;
}

const OWN_FOLDERS = ['docs', 'examples'];

/** The main job: an agent on real files. Says first what it is going to do, and with which model. */
export function startJob(context: Context, request: StartRequest): Promise<ExitCode> {
  const { out, env, project, config } = context;
  const own = request.task === undefined && request.in === undefined;
  const folders =
    request.in ??
    (own ? OWN_FOLDERS.map((name) => path.join(project, name)).filter((folder) => existsSync(folder)) : []);
  const mounts = mountsOf(folders);
  const input = request.task ?? reportTask(mounts.map(({ name }) => name));
  const model = request.model ?? defaultModelOf(config.settings, env) ?? 'none';
  out.say(`Holdfast runs the agent ${out.note.bold(request.agent)}: ${out.note.dim(input)}`);
  for (const { name, path: folder } of mounts) out.say(`  reads   ${name} (${folder})`);
  out.say(`  model   ${model}`);
  if (model.startsWith('simulated/')) {
    out.say('          No key is set, so rules answer and not a model; the tools and the files are real.');
    out.say('          For a real one: OPENAI_API_KEY=… npm start, or ANTHROPIC_API_KEY=… npm start');
  }
  if (own) out.say('  yours   npm start -- "TASK" --in DIR --agent NAME');
  out.say();
  const { agent, budget } = request;
  return executeRun(context, {
    agent,
    input,
    mounts,
    ...(request.model !== undefined && { model: request.model }),
    ...(budget !== undefined && { budgetUsd: budget }),
  });
}

function reportTask(folders: readonly string[]): string {
  const where =
    folders.length > 1 ? `the folders ${folders.join(' and ')}` : `the folder ${folders[0] ?? 'you are in'}`;
  return `Survey ${where} and write a report about what is there.`;
}
