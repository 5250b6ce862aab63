import type { Command } from 'commander';

export function registerRunsCompare(runs: Command): void {
  runs
    .command('compare')
    .description('two runs side by side: turns, tokens, cost, end, and the first message in which they part')
    .argument('<id>')
    .argument('<other>')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast runs compare sums sums-2\n  holdfast runs compare sums sums-2 --json',
    )
    .action(async (id: string, other: string, _flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { comparisonText } = require('../compare-text') as typeof import('../compare-text');
      const context = contextOf(command);
      const comparison = await withLink(context, ({ holdfast }) => holdfast.compare(id, other));
      const { out } = context;
      out.data(comparison, () => comparisonText(comparison, out.style));
    });
}
