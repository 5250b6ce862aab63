import type { Command } from 'commander';
import { positiveInteger } from '../flags';

interface BrowseFlags {
  agent?: string;
  status?: string;
  query?: string;
  limit: number;
  find?: string;
  step?: number;
}

export function registerRunsBrowse(runs: Command): void {
  runs
    .command('browse')
    .description('look through runs and their steps: calls, arguments, results, durations, cost')
    .argument('[id]', 'the run to open; default: choose one')
    .option('--agent <name>', 'only runs of this agent')
    .option('--status <status>', 'only running, completed, stopped, failed or cancelled ones')
    .option('--query <filter>', 'a Temporal list filter, e.g. "HoldfastCostUsd > 1"')
    .option('--limit <n>', 'so many runs at most', positiveInteger, 200)
    .option('--find <text>', 'only steps (without an id: runs) that have this text in them')
    .option('--step <n>', 'all of one step of the run', positiveInteger)
    .addHelpText(
      'after',
      '\nOn a terminal keys move, open and search; otherwise, and with --find, --step or --json, it is a plain list.\n' +
        '\nExamples:\n  holdfast runs browse\n  holdfast runs browse my-run --find error --json\n  holdfast runs browse my-run --step 4',
    )
    .action(async (id: string | undefined, flags: BrowseFlags, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { browse } = require('../browse/browse') as typeof import('../browse/browse');
      const context = contextOf(command);
      await withLink(context, ({ holdfast }) => browse(holdfast, context.out, id, flags));
    });
}
