import type { Command } from 'commander';

export function registerDev(program: Command): void {
  program
    .command('dev')
    .description('Temporal and a worker of this project on this machine, until Ctrl-C')
    .option('--grace <duration>', 'how long running calls may take to end when it stops', '60s')
    .action(async (flags: { grace: string }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { serve } = require('../serve') as typeof import('../serve');
      process.exitCode = await serve(contextOf(command), flags.grace);
    });
}
