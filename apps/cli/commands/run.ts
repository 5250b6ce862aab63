import type { Command } from 'commander';
import type { RunRequest } from '../execute-run';
import { collect, durationMs, positiveNumber, variables } from '../flags';

interface RunOptions {
  inputFile?: string;
  id?: string;
  budget?: number;
  account?: string;
  model?: string;
  in?: string[];
  var?: Record<string, string>;
  out?: string;
  after?: number;
  at?: string;
  detach?: boolean;
  follow?: boolean;
}

export function registerRun(program: Command): void {
  program
    .command('run')
    .description('run an agent on an input and print its answer')
    .argument('<agent>', 'name of an agent; `holdfast agent list` shows them')
    .argument('[input]', 'the task; - reads it from standard input')
    .option('--input-file <file>', 'read the task from a file')
    .option('--id <id>', 'id of the run; starting twice with one id starts once')
    .option('--budget <usd>', 'US dollars the run may cost', positiveNumber)
    .option('--account <name>', "what it spends from, e.g. acme/research (default: the agent's)")
    .option('--model <provider/model>', "instead of the agent's model")
    .option('--in <dir>', 'folder the agent may read; may be given several times', collect)
    .option(
      '--var <name=value>',
      'stands for {{name}} in instructions and input; may be given several times',
      variables,
    )
    .option('--out <file>', 'write the answer to a file too')
    .option('--after <time>', 'begin in e.g. 10m; returns as soon as the run is accepted', durationMs)
    .option('--at <moment>', 'begin then, e.g. 2026-12-01T09:00; returns as soon as the run is accepted')
    .option('--detach', 'return as soon as the run is accepted')
    .option('--follow', 'with --json: a JSON line for each step')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 usage, 3 waiting for approval, 4 budget exhausted, 5 cancelled, 6 deadline,\n7 no connection, 130 detached with Ctrl-C (the run goes on).',
    )
    .action(async (agent: string, input: string | undefined, options: RunOptions, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { inputOf } = require('../run-input') as typeof import('../run-input');
      const { mountsOf } = require('../mounts') as typeof import('../mounts');
      const { executeRun } = require('../execute-run') as typeof import('../execute-run');
      const leaves = options.detach
        ? 'detach'
        : options.after !== undefined
          ? 'after'
          : options.at !== undefined && 'at';
      if (leaves && options.follow) command.error(`error: option '--${leaves}' cannot be used with '--follow'`);
      const { instantOf } = require('../instant') as typeof import('../instant');
      const request: RunRequest = {
        agent,
        input: await inputOf(input, options.inputFile),
        mounts: mountsOf(options.in ?? []),
        ...(options.id !== undefined && { id: options.id }),
        ...(options.budget !== undefined && { budgetUsd: options.budget }),
        ...(options.account !== undefined && { account: options.account }),
        ...(options.model !== undefined && { model: options.model }),
        ...(options.var && { variables: options.var }),
        ...(options.out !== undefined && { outFile: options.out }),
        ...(options.after !== undefined && { startDelay: options.after }),
        ...(options.at !== undefined && { startAt: instantOf(options.at, '--at') }),
        ...(options.detach && { detach: true }),
        ...(options.follow && { follow: true }),
      };
      process.exitCode = await executeRun(contextOf(command), request);
    });
}
