import type { Command } from 'commander';
import type { ScheduleActionInput } from '../../../client';
import {
  addScheduleFlags,
  addSessionFlags,
  jsonFlag,
  type ScheduleFlags,
  type SessionFlags,
  sessionOf,
  timesOf,
} from '../schedule-flags';

interface CreateFlags extends ScheduleFlags, SessionFlags {
  inputFile?: string;
  workflow?: string;
  args?: string;
  note?: string;
}

export function registerScheduleCreate(schedule: Command): void {
  const command = schedule
    .command('create')
    .description('start an agent, or a workflow of your own, again and again')
    .argument('<id>', 'id of the schedule; its runs are called by it and their time')
    .argument('[agent]', 'name of an agent; not with --workflow')
    .argument('[input]', 'the task of each run; - reads it from standard input')
    .option('--input-file <file>', 'read the task from a file')
    .option('--workflow <type>', 'instead of an agent: the type of a workflow your workers know')
    .option('--args <json>', 'its arguments, a JSON list')
    .option('--note <text>', 'what the schedule is for');
  addSessionFlags(addScheduleFlags(command)).action(
    async (id: string, agent: string | undefined, input: string | undefined, flags: CreateFlags, self: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { scheduleText } = require('../schedule-text') as typeof import('../schedule-text');
      if ((agent === undefined) === (flags.workflow === undefined)) {
        self.error("error: either an agent or '--workflow' is needed");
      }
      const context = contextOf(self);
      const action = await actionOf(agent, input, flags);
      const options = { ...timesOf(flags), ...(flags.note !== undefined && { note: flags.note }) };
      const made = await withLink(context, ({ holdfast }) => holdfast.schedules.create(id, action, options));
      context.out.data(made, () => scheduleText(made, context.out.style));
    },
  );
}

async function actionOf(agent: string | undefined, input: string | undefined, flags: CreateFlags) {
  const { inputOf } = require('../run-input') as typeof import('../run-input');
  if (agent !== undefined) return { agent, input: await inputOf(input, flags.inputFile), ...sessionOf(flags) };
  const args = flags.args === undefined ? {} : { args: jsonFlag(flags.args, '--args') };
  return { workflow: flags.workflow, ...args, ...sessionOf(flags) } as ScheduleActionInput;
}
