import type { Command } from 'commander';
import { collect, positiveNumber } from '../flags';

interface StartFlags {
  in?: string[];
  agent?: string;
  model?: string;
  budget?: number;
}

/** Behind `npm start`: the main job on this repository, or the user's own. Not in the help, because it is for a clone. */
export function registerStart(program: Command): void {
  program
    .command('start', { hidden: true })
    .argument('[task]')
    .option('--in <dir>', 'folder the agent may read; may be given several times', collect)
    .option('--agent <name>', 'agent that does it alone (default with a task: reporter)')
    .option('--model <provider/model>', 'model of the one agent that then does it')
    .option('--budget <usd>', 'US dollars the run may cost', positiveNumber)
    .action(async (task: string | undefined, flags: StartFlags, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { startJob } = require('../start-job') as typeof import('../start-job');
      process.exitCode = await startJob(contextOf(command), { ...flags, ...(task !== undefined && { task }) });
    });
}
