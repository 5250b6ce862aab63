import type { Command } from 'commander';
import { positiveInteger, positiveNumber } from '../flags';

interface ForkFlags {
  at?: number;
  input?: string;
  id?: string;
  agent?: string;
  model?: string;
  budget?: number;
  detach?: boolean;
}

export function registerRunsFork(runs: Command): void {
  runs
    .command('fork')
    .description('start a run that begins with the first messages of another one; what its tools did is not done again')
    .argument('<id>')
    .option('--at <n>', 'messages to keep, from the first on (default: all)', positiveInteger)
    .option('--input <text>', 'what to go on with, instead of what followed there')
    .option('--id <id>', 'id of the new run')
    .option('--agent <name>', 'another agent')
    .option('--model <provider/model>', 'another model')
    .option('--budget <usd>', 'US dollars the new run may cost', positiveNumber)
    .option('--detach', 'return as soon as the run is accepted')
    .action(async (source: string, flags: ForkFlags, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { executeRun } = require('../execute-run') as typeof import('../execute-run');
      const { at, input = null, id, agent, model, budget, detach } = flags;
      process.exitCode = await executeRun(contextOf(command), {
        agent: agent ?? '',
        input,
        mounts: [],
        fork: { id: source, ...(at !== undefined && { at }) },
        ...(id !== undefined && { id }),
        ...(model !== undefined && { model }),
        ...(budget !== undefined && { budgetUsd: budget }),
        ...(detach && { detach }),
      });
    });
}
