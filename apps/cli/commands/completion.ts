import type { Command } from 'commander';

export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('a script that lets a shell complete commands, flags, agents and runs')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nTry:\n  source <(holdfast completion bash)   # in ~/.bashrc')
    .action(async (shell: string) => {
      const { SHELL_SCRIPTS } = require('../completion/scripts') as typeof import('../completion/scripts');
      if (!Object.hasOwn(SHELL_SCRIPTS, shell)) {
        const { HoldfastError } = require('../../../protocol/failures') as typeof import('../../../protocol/failures');
        throw new HoldfastError('Input.Invalid', `there is no script for ${JSON.stringify(shell)}`, {
          hint: `Shells: ${Object.keys(SHELL_SCRIPTS).join(', ')}.`,
        });
      }
      process.stdout.write(SHELL_SCRIPTS[shell as keyof typeof SHELL_SCRIPTS]);
    });
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const { complete } = require('../completion/complete') as typeof import('../completion/complete');
      // Whoever presses Tab wants no errors.
      const found = await complete(program, words, process.env).catch(() => []);
      const lines = found.map(({ word, about }) => (about ? `${word}\t${about.split('\n')[0]}` : word));
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
}
