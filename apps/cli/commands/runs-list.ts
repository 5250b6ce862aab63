import type { Command } from 'commander';
import { positiveInteger } from '../flags';

interface ListFlags {
  agent?: string;
  status?: string;
  query?: string;
  limit?: number;
}

export function registerRunsList(runs: Command): void {
  runs
    .command('list')
    .description('runs, the newest first')
    .option('--agent <name>', 'only runs of this agent')
    .option('--status <status>', 'only running, waiting, completed, stopped, failed or cancelled ones')
    .option('--query <filter>', 'a Temporal list filter, e.g. "HoldfastCostUsd > 1"')
    .option('--limit <n>', 'so many at most', positiveInteger, 20)
    .action(async (flags: ListFlags, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { runTable } = require('../run-table') as typeof import('../run-table');
      const context = contextOf(command);
      const found = await withLink(context, async ({ holdfast }) => {
        const summaries = [];
        for await (const summary of holdfast.list(flags)) summaries.push(summary);
        return summaries;
      });
      context.out.data(found, () => runTable(found, context.out.style));
    });
}
