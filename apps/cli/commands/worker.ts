import type { Command } from 'commander';
import { durationMs } from '../flags';

export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description('a worker of this project against a given cluster (TEMPORAL_*, --address)')
    .option(
      '--grace <duration>',
      'how long running calls may take to end when it stops (default: worker.shutdownGrace, 60s)',
      durationMs,
    )
    .option('--log-file <file>', 'write every line of the log there too, as JSON; rotated by size')
    .action(async (_flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { clusterOf } = require('../place') as typeof import('../place');
      const { serve } = require('../serve') as typeof import('../serve');
      const context = contextOf(command);
      if (!clusterOf(context)) {
        const { HoldfastError } = require('../../../protocol/failures') as typeof import('../../../protocol/failures');
        throw new HoldfastError('Config.Invalid', 'no cluster is named', {
          hint: 'Set TEMPORAL_ADDRESS or TEMPORAL_PROFILE, temporal.address in holdfast.yaml, or give --address HOST:PORT. `holdfast dev` brings its own server.',
        });
      }
      process.exitCode = await serve(context, false);
    });
}
