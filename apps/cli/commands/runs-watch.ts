import type { Command } from 'commander';

/** Enough to see where it is. */
const LAST_MESSAGES = 20;

export function registerRunsWatch(runs: Command): void {
  runs
    .command('watch')
    .description('follow a run until it is over; Ctrl-C leaves it alone')
    .argument('<id>')
    .option('--all', `tell everything from its start, not only the last ${LAST_MESSAGES} messages`)
    .action(async (id: string, flags: { all?: boolean }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { linkTo } = require('../link') as typeof import('../link');
      const { Carrier } = require('../carrier') as typeof import('../carrier');
      const { onInterrupt } = require('../interruption') as typeof import('../interruption');
      const { timesOf } = require('../execute-run') as typeof import('../execute-run');
      const { followToEnd } = require('../follow-to-end') as typeof import('../follow-to-end');
      const context = contextOf(command);
      const carrier = Carrier.follower(context, await linkTo(context), id);
      const interruption = onInterrupt();
      try {
        const times = await timesOf(carrier, id);
        const last = flags.all ? {} : { last: LAST_MESSAGES };
        process.exitCode = await followToEnd(
          context,
          carrier,
          { id, started: false },
          {
            stream: context.out.json,
            interrupt: interruption.signal,
            ...times,
            ...last,
          },
        );
      } finally {
        await carrier.close();
        interruption.release();
      }
    });
}
