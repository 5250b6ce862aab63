import type { Command } from 'commander';
import { registerRunsList } from './runs-list';
import { registerRunsShow } from './runs-show';
import { registerRunsStop } from './runs-stop';
import { registerRunsWatch } from './runs-watch';

export function registerRuns(program: Command): void {
  const runs = program.command('runs').description('look at runs, follow and stop them');
  for (const register of [registerRunsList, registerRunsShow, registerRunsWatch, registerRunsStop]) register(runs);
}
