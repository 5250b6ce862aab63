import type { Command } from 'commander';
import { registerRunsBrowse } from './runs-browse';
import { registerRunsChange } from './runs-change';
import { registerRunsCompare } from './runs-compare';
import { registerRunsControl } from './runs-control';
import { registerRunsFork } from './runs-fork';
import { registerRunsList } from './runs-list';
import { registerRunsShow } from './runs-show';
import { registerRunsStep } from './runs-step';
import { registerRunsStop } from './runs-stop';
import { registerRunsStopAll } from './runs-stop-all';
import { registerRunsWatch } from './runs-watch';

const COMMANDS = [
  registerRunsList,
  registerRunsShow,
  registerRunsBrowse,
  registerRunsCompare,
  registerRunsWatch,
  registerRunsControl,
  registerRunsStep,
  registerRunsChange,
  registerRunsFork,
  registerRunsStop,
  registerRunsStopAll,
];

export function registerRuns(program: Command): void {
  const runs = program.command('runs').description('look at runs, follow, steer, pause, change, fork and stop them');
  for (const register of COMMANDS) register(runs);
}
