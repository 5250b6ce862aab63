import type { Command } from 'commander';
import { positiveInteger, positiveNumber } from '../flags';

interface BatchFlags {
  parallel: number;
  id?: string;
  budget?: number;
  account?: string;
  out?: string;
}

/** One agent over many inputs. */
export function registerTaskBatch(task: Command): void {
  task
    .command('batch')
    .description('one agent over many inputs, so many at once; what is done is not done again when it is taken up')
    .argument('<agent>')
    .argument('<file>', 'one input a line')
    .option('--parallel <n>', 'so many at once', positiveInteger, 20)
    .option('--id <id>', 'give it again to go on with it')
    .option('--budget <usd>', 'US dollars all of it may cost', positiveNumber)
    .option('--account <name>', 'what it spends from')
    .option('--out <file>', 'write a JSON line for each item there (default: to standard output)')
    .action(async (agent: string, file: string, flags: BatchFlags, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { batchPlan, itemResults, readItems, writeResults } =
        require('../task/batch') as typeof import('../task/batch');
      const { submitTask } = require('../task/submit-task') as typeof import('../task/submit-task');
      const { parallel, id, budget, account, out } = flags;
      const context = contextOf(command);
      process.exitCode = await submitTask(context, {
        what: batchPlan(agent, readItems(file), parallel),
        ...(id !== undefined && { id }),
        ...(budget !== undefined && { budgetUsd: budget }),
        ...(account !== undefined && { account }),
        onEnd: async (holdfast, plan) => {
          const results = await itemResults(holdfast, await plan.nodes({ outputs: true }));
          if (out !== undefined) writeResults(out, results);
          const failed = results.filter(({ status }) => status !== 'done').length;
          const lines =
            out === undefined
              ? results.map((result) => JSON.stringify(result))
              : [`${plan.id}: ${results.length} items, ${failed} without an answer`];
          context.out.data(results, () => lines.join('\n'));
          return failed > 0;
        },
      });
    });
}
