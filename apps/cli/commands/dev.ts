import type { Command } from 'commander';
import { durationMs } from '../flags';

export function registerDev(program: Command): void {
  program
    .command('dev')
    .description(
      'Temporal and a worker of this project on this machine, until Ctrl-C; takes changes of the project over',
    )
    .option(
      '--grace <duration>',
      'how long running calls may take to end when it stops (default: worker.shutdownGrace, 60s)',
      durationMs,
    )
    .option('--log-file <file>', 'write every line of the log there too, as JSON; rotated by size')
    .action(async (_flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { serve } = require('../serve') as typeof import('../serve');
      process.exitCode = await serve(contextOf(command), true);
    });
}
