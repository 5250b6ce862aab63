import type { Command } from 'commander';
import { registerScheduleControl } from './schedule-control';
import { registerScheduleCreate } from './schedule-create';
import { registerScheduleEdit } from './schedule-edit';
import { registerScheduleList } from './schedule-list';

const COMMANDS = [registerScheduleCreate, registerScheduleList, registerScheduleEdit, registerScheduleControl];

export function registerSchedule(program: Command): void {
  const schedule = program.command('schedule').description('recurring runs: make, look at, change and end schedules');
  for (const register of COMMANDS) register(schedule);
}
