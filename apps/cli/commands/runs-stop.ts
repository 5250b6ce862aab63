import type { Command } from 'commander';
import { WHY } from '../flags';

export function registerRunsStop(runs: Command): void {
  runs
    .command('stop')
    .description('end a run now; what runs is aborted, nothing more is paid for')
    .argument('<id>')
    .option(...WHY)
    .action(async (id: string, flags: { reason?: string }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { stopRun } = require('../stop-run') as typeof import('../stop-run');
      const context = contextOf(command);
      const stopped = await withLink(context, (link) => stopRun(link, id, flags.reason));
      context.out.data(stopped, () => (stopped.asked ? `${id} stops` : `${id} is over already: ${stopped.status}`));
    });
}
