import type { Command } from 'commander';

export function registerScheduleList(schedule: Command): void {
  schedule
    .command('list')
    .description('schedules, with their next start')
    .option('--agent <name>', 'only those of this agent')
    .action(async (flags: { agent?: string }, self: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { scheduleTable } = require('../schedule-text') as typeof import('../schedule-text');
      const context = contextOf(self);
      const found = await withLink(context, async ({ holdfast }) => {
        const schedules = [];
        for await (const summary of holdfast.schedules.list(flags)) schedules.push(summary);
        return schedules;
      });
      context.out.data(found, () => scheduleTable(found, context.out.style));
    });
  schedule
    .command('show')
    .description('one schedule: when, what, next and last runs, counts')
    .argument('<id>')
    .action(async (id: string, _flags: object, self: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { scheduleText } = require('../schedule-text') as typeof import('../schedule-text');
      const context = contextOf(self);
      const shown = await withLink(context, ({ holdfast }) => holdfast.schedules.describe(id));
      context.out.data(shown, () => scheduleText(shown, context.out.style));
    });
}
