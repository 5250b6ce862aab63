import type { Command } from 'commander';
import type { ScheduleChanges } from '../../../client';
import { collect, WHY } from '../flags';
import {
  addScheduleFlags,
  addSessionFlags,
  jsonFlag,
  type ScheduleFlags,
  type SessionFlags,
  sessionOf,
  timesOf,
} from '../schedule-flags';

interface EditFlags extends ScheduleFlags, SessionFlags {
  agent?: string;
  input?: string;
  inputFile?: string;
  workflow?: string;
  args?: string;
  clear?: string[];
  reason?: string;
}

/** What a part is called here, and in the client. */
const PARTS: Record<string, keyof ScheduleChanges> = {
  cron: 'cron',
  every: 'every',
  calendar: 'calendar',
  except: 'except',
  'time-zone': 'timeZone',
  jitter: 'jitter',
  from: 'startAt',
  until: 'endAt',
  runs: 'remainingRuns',
  'catch-up': 'catchupWindow',
  limits: 'limits',
  model: 'model',
  in: 'mounts',
  tenant: 'tenant',
};

export function registerScheduleEdit(schedule: Command): void {
  const command = schedule
    .command('edit')
    .description('change parts of a schedule; the rest stays, and so do runs that go on')
    .argument('<id>')
    .option('--agent <name>', 'another agent')
    .option('--input <text>', 'another task; - reads it from standard input')
    .option('--input-file <file>', 'read the task from a file')
    .option('--workflow <type>', 'the type of a workflow your workers know')
    .option('--args <json>', 'its arguments, a JSON list')
    .option(
      '--clear <part>',
      `take a part away: ${Object.keys(PARTS).join(', ')}; may be given several times`,
      collect,
    );
  addSessionFlags(addScheduleFlags(command))
    .option(...WHY)
    .action(async (id: string, flags: EditFlags, self: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { scheduleText } = require('../schedule-text') as typeof import('../schedule-text');
      const unknown = flags.clear?.find((part) => !Object.hasOwn(PARTS, part));
      if (unknown !== undefined) self.error(`error: '--clear ${unknown}': there is no such part to take away`);
      const context = contextOf(self);
      const changes = await changesOf(flags);
      const after = await withLink(context, ({ holdfast }) => holdfast.schedules.update(id, changes, flags.reason));
      context.out.data(after, () => scheduleText(after, context.out.style));
    });
}

async function changesOf(flags: EditFlags): Promise<ScheduleChanges> {
  const { inputOf } = require('../run-input') as typeof import('../run-input');
  const { agent, input, inputFile, workflow, args, clear = [] } = flags;
  const given = input !== undefined || inputFile !== undefined;
  const cleared = Object.fromEntries(clear.map((part) => [PARTS[part], null]));
  return {
    ...timesOf(flags),
    ...sessionOf(flags),
    ...(agent !== undefined && { agent }),
    ...(given && { input: await inputOf(input, inputFile) }),
    ...(workflow !== undefined && { workflow }),
    ...(args !== undefined && { args: jsonFlag(args, '--args') as unknown[] }),
    ...cleared,
  };
}
