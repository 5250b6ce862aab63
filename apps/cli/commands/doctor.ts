import type { Command } from 'commander';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check what Holdfast needs on this machine, with the command that mends each thing')
    .action(async (_flags: object, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { checkUp, checkUpText } = require('../doctor/check-up') as typeof import('../doctor/check-up');
      const around = surroundingsOf(command);
      const checks = await checkUp(around);
      const healthy = checks.every(({ status }) => status !== 'fail');
      around.out.data({ healthy, checks }, () => checkUpText(checks, around.out.style));
      process.exitCode = healthy ? 0 : 1;
    });
}
