import type { Command } from 'commander';
import type { EmergencyStop, StopOrderOptions, StopReceipt } from '../../../client';
import { durationMs } from '../flags';

interface StopAllFlags extends Omit<StopOrderOptions, 'by' | 'id'> {
  reason: string;
}

export function registerRunsStopAll(runs: Command): void {
  runs
    .command('stop-all')
    .description('stop every run that matches, and what starts later until `runs release`; prints the receipt')
    .requiredOption('--reason <text>', 'why; told to every run that is stopped')
    .option('--query <filter>', 'a Temporal list filter, e.g. "HoldfastAgent = \'clerk\'" (default: all runs)')
    .option('--tenant <name>', 'only runs of this tenant')
    .option('--root <id>', 'only this workflow and what is below it')
    .option('--no-hold', 'let what starts later run')
    .option('--within <time>', 'for how long runs that do not stop are waited for (default: 60s)', durationMs)
    .option('--terminate', 'terminate what has not ended by then: nothing of it is settled')
    .action((flags: StopAllFlags, self: Command) =>
      withStop(self, async ({ stopAll }) => {
        const stop = await stopAll(flags);
        return { stop, receipt: await stop.settled() };
      }),
    );
  runs
    .command('release')
    .description('end an emergency stop: matching runs may start again')
    .argument('<stop>', 'id of the stop')
    .option('--reason <text>', 'why; kept beside what is done')
    .action((id: string, { reason }: { reason?: string }, self: Command) =>
      withStop(self, async ({ getStop }) => {
        const stop = getStop(id);
        return { stop, receipt: await stop.release(reason) };
      }),
    );
  runs
    .command('receipt')
    .description('what an emergency stop has stopped, and what was spent after it')
    .argument('<stop>', 'id of the stop')
    .action((id: string, _flags: object, self: Command) =>
      withStop(self, async ({ getStop }) => {
        const stop = getStop(id);
        return { stop, receipt: await stop.receipt() };
      }),
    );
}

interface Ways {
  stopAll(order: StopOrderOptions): Promise<EmergencyStop>;
  getStop(id: string): EmergencyStop;
}

async function withStop(
  self: Command,
  act: (ways: Ways) => Promise<{ stop: EmergencyStop; receipt: StopReceipt }>,
): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const { receiptText } = require('../receipt-text') as typeof import('../receipt-text');
  const context = contextOf(self);
  const { stop, receipt } = await withLink(context, ({ holdfast }) =>
    act({ stopAll: (order) => holdfast.stopAll(order), getStop: (id) => holdfast.getStop(id) }),
  );
  context.out.data({ id: stop.id, ...receipt }, () => receiptText(stop.id, receipt, context.out.style));
}
