import type { Command } from 'commander';
import { WHY } from '../flags';

export function registerRunsStep(runs: Command): void {
  runs
    .command('step')
    .description('while paused: take one turn (a model call and its tool calls), then wait again')
    .argument('<id>')
    .option('--call', 'only one model call or one tool call')
    .option(...WHY)
    .action(async (id: string, flags: { call?: boolean; reason?: string }, command: Command) => {
      const { control } = require('./runs-control') as typeof import('./runs-control');
      const unit = flags.call ? 'call' : 'turn';
      const act = { action: 'step', unit };
      await control(command, id, (run) => run.step(unit, flags.reason), act, `${id} takes one ${unit}`);
    });
}
