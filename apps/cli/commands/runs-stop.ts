import type { Command } from 'commander';

export function registerRunsStop(runs: Command): void {
  runs
    .command('stop')
    .description('ask a run to stop; what runs is aborted, nothing more is paid for')
    .argument('<id>')
    .option('--reason <text>', 'kept in the history of the run')
    .action(async (id: string, flags: { reason?: string }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { stopRun } = require('../stop-run') as typeof import('../stop-run');
      const context = contextOf(command);
      const stopped = await withLink(context, (link) => stopRun(link, id, flags.reason));
      context.out.data(stopped, () =>
        stopped.asked ? `asked ${id} to stop` : `${id} is over already: ${stopped.status}`,
      );
    });
}
