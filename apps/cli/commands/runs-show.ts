import type { Command } from 'commander';

export function registerRunsShow(runs: Command): void {
  runs
    .command('show')
    .description('one run: what it did, used, wrote and answered')
    .argument('<id>')
    .action(async (id: string, _flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { showRun, shownRunText } = require('../show-run') as typeof import('../show-run');
      const context = contextOf(command);
      const shown = await withLink(context, (link) => showRun(context, link, id));
      context.out.data(shown, () => shownRunText(shown, context.out.style));
    });
}
