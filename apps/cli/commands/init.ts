import type { Command } from 'commander';

export function registerInit(program: Command): void {
  program
    .command('init')
    .description('begin a project that runs at once, without a key')
    .argument('[dir]', 'where; made when missing (default: the folder of --project)')
    .action(async (dir: string | undefined, _flags: object, command: Command) => {
      const { surroundingsOf } = require('../context') as typeof import('../context');
      const { initProject } = require('../scaffold/scaffold') as typeof import('../scaffold/scaffold');
      initProject(surroundingsOf(command), dir);
    });
}
