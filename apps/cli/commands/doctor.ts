import type { Command } from 'commander';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check what Holdfast needs on this machine, with the command that mends each thing')
    .action(async (_flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { checkUp, checkUpText } = require('../doctor/check-up') as typeof import('../doctor/check-up');
      const context = contextOf(command);
      const checks = await checkUp(context);
      const healthy = checks.every(({ status }) => status !== 'fail');
      context.out.data({ healthy, checks }, () => checkUpText(checks, context.out.style));
      process.exitCode = healthy ? 0 : 1;
    });
}
