import type { Command } from 'commander';
import type { Schedules } from '../../../client';
import type { Overlap } from '../../../protocol/schedule';
import { WHY } from '../flags';
import { overlapOption } from '../schedule-flags';

interface BackfillFlags {
  from: string;
  to: string;
  timeZone?: string;
  overlap?: Overlap;
  reason?: string;
}

export function registerScheduleControl(schedule: Command): void {
  schedule
    .command('pause')
    .description('start nothing by itself; runs that go on are left alone')
    .argument('<id>')
    .option(...WHY)
    .action((id: string, { reason }: { reason?: string }, self: Command) =>
      act(self, (schedules) => schedules.pause(id, reason).then(() => ({ id, action: 'pause' })), `${id} is paused`),
    );
  schedule
    .command('resume')
    .description('end a pause; times that passed are not caught up on')
    .argument('<id>')
    .option(...WHY)
    .action((id: string, { reason }: { reason?: string }, self: Command) =>
      act(self, (schedules) => schedules.resume(id, reason).then(() => ({ id, action: 'resume' })), `${id} goes on`),
    );
  schedule
    .command('trigger')
    .description('start a run now, paused or not; prints its id')
    .argument('<id>')
    .addOption(overlapOption("while a run goes on (default: the schedule's own)"))
    .option(...WHY)
    .action((id: string, flags: { overlap?: Overlap; reason?: string }, self: Command) => trigger(self, id, flags));
  schedule
    .command('backfill')
    .description('start now what would have started in a time that has passed')
    .argument('<id>')
    .requiredOption('--from <moment>', 'e.g. 2026-11-20, 2026-11-20T09:00')
    .requiredOption('--to <moment>', 'the end of it')
    .option('--time-zone <name>', "of the two (default: this machine's)")
    .addOption(overlapOption('while a run goes on (default: buffer-all, one after the other)'))
    .option(...WHY)
    .action((id: string, flags: BackfillFlags, self: Command) => backfill(self, id, flags));
  schedule
    .command('delete')
    .description('start nothing any more; runs that go on are left alone')
    .argument('<id>')
    .action((id: string, _flags: object, self: Command) =>
      act(self, (schedules) => schedules.delete(id).then(() => ({ id, action: 'delete' })), `${id} is deleted`),
    );
}

async function trigger(self: Command, id: string, flags: { overlap?: Overlap; reason?: string }): Promise<void> {
  const { triggeredText } = require('../schedule-text') as typeof import('../schedule-text');
  await act(
    self,
    async (schedules) => ({ id, action: 'trigger', ...(await schedules.trigger(id, flags)) }),
    (triggered) => triggeredText(id, triggered),
  );
}

async function backfill(self: Command, id: string, flags: BackfillFlags): Promise<void> {
  const { instantOf } = require('../instant') as typeof import('../instant');
  const { overlap, reason, timeZone } = flags;
  const [from, to] = [instantOf(flags.from, '--from', timeZone), instantOf(flags.to, '--to', timeZone)];
  const options = { from, to, ...(overlap && { overlap }), ...(reason !== undefined && { reason }) };
  await act(
    self,
    (schedules) => schedules.backfill(id, options).then(() => ({ id, action: 'backfill', from, to })),
    `${id} starts what was due from ${from.toISOString()} to ${to.toISOString()}`,
  );
}

/** Does one thing to a schedule and says so. */
async function act<Done>(
  self: Command,
  work: (schedules: Schedules) => Promise<Done>,
  told: string | ((done: Done) => string),
): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const context = contextOf(self);
  const done = await withLink(context, ({ holdfast }) => work(holdfast.schedules));
  context.out.data(done, () => (typeof told === 'string' ? told : told(done)));
}
