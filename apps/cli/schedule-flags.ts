import { type Command, Option } from 'commander';
import type { ScheduleChanges, ScheduleOptions } from '../../client';
import { HoldfastError } from '../../protocol/failures';
import type { Overlap, ScheduleTimesInput } from '../../protocol/schedule';
import { collect, nonNegativeInteger, positiveNumber } from './flags';

/** Flags that say when, and under which rules; the same to make a schedule and to change one. */
export interface ScheduleFlags {
  cron?: string[];
  every?: string[];
  calendar?: string[];
  except?: string[];
  timeZone?: string;
  jitter?: string;
  from?: string;
  until?: string;
  runs?: number;
  overlap?: Overlap;
  catchUp?: string;
  pauseOnFailure?: boolean;
  paused?: boolean;
}

const OVERLAPS = ['skip', 'buffer-one', 'buffer-all', 'cancel-other', 'terminate-other', 'allow-all'];

export function overlapOption(description: string): Option {
  return new Option('--overlap <policy>', description).choices(OVERLAPS);
}

export function addScheduleFlags(command: Command): Command {
  return command
    .option('--cron <expression>', 'e.g. "0 9 * * 1-5"; this and the next two may be given several times', collect)
    .option('--every <time>', 'an interval, e.g. 10m', collect)
    .option('--calendar <json>', `e.g. '{"hour": 9, "dayOfWeek": {"start": "Monday", "end": "Friday"}}'`, collect)
    .option('--except <json>', 'a calendar of times that are left out', collect)
    .option(
      '--time-zone <name>',
      'of cron and calendar (default: UTC) and of the moments below (default: that of this machine)',
    )
    .option('--jitter <time>', 'start later by a part of this, e.g. 1m')
    .option('--from <moment>', 'nothing starts before, e.g. 2026-12-01T09:00')
    .option('--until <moment>', 'nothing starts after')
    .option('--runs <n>', 'start so many, then no more', nonNegativeInteger)
    .addOption(overlapOption('when a run is due while the one before goes on (default: skip)'))
    .option('--catch-up <time>', 'after an outage, start what is late by no more than this (default: 1 year)')
    .option('--pause-on-failure', 'pause when a run fails')
    .option('--no-pause-on-failure', 'go on when a run fails (default)')
    .option('--paused', 'start nothing until it is resumed');
}

/** Flags that say what a run of an agent is given. */
export interface SessionFlags {
  budget?: number;
  model?: string;
  in?: string[];
  tenant?: string;
  taskQueue?: string;
}

export function addSessionFlags(command: Command): Command {
  return command
    .option('--budget <usd>', 'US dollars each run may cost', positiveNumber)
    .option('--model <provider/model>', "instead of the agent's model")
    .option('--in <dir>', 'folder the agent may read; may be given several times', collect)
    .option('--tenant <name>', 'on whose behalf')
    .option('--task-queue <name>', 'where the workers are (default: holdfast)');
}

/** @throws HoldfastError `Input.Invalid`. */
export function timesOf(flags: ScheduleFlags): Omit<ScheduleOptions, 'note' | 'memo'> & ScheduleChanges {
  const { instantOf } = require('./instant') as typeof import('./instant');
  const { cron, every, calendar, except, timeZone, jitter, from, until, runs, overlap, catchUp } = flags;
  const moment = (text: string, flag: string) => instantOf(text, flag, knownZone(timeZone));
  return {
    ...(cron && { cron }),
    ...(every && { every }),
    ...(calendar && {
      calendar: calendar.map((text) => jsonFlag(text, '--calendar')) as ScheduleTimesInput['calendar'],
    }),
    ...(except && { except: except.map((text) => jsonFlag(text, '--except')) as ScheduleTimesInput['except'] }),
    ...(timeZone !== undefined && { timeZone }),
    ...(jitter !== undefined && { jitter }),
    ...(from !== undefined && { startAt: moment(from, '--from') }),
    ...(until !== undefined && { endAt: moment(until, '--until') }),
    ...(runs !== undefined && { remainingRuns: runs }),
    ...(overlap !== undefined && { overlap }),
    ...(catchUp !== undefined && { catchupWindow: catchUp }),
    ...(flags.pauseOnFailure !== undefined && { pauseOnFailure: flags.pauseOnFailure }),
    ...(flags.paused !== undefined && { paused: flags.paused }),
  };
}

export function sessionOf(flags: SessionFlags) {
  const { mountsOf } = require('./mounts') as typeof import('./mounts');
  const { budget, model, tenant, taskQueue } = flags;
  return {
    ...(budget !== undefined && { budgetUsd: budget }),
    ...(model !== undefined && { model }),
    ...(flags.in && { mounts: mountsOf(flags.in) }),
    ...(tenant !== undefined && { tenant }),
    ...(taskQueue !== undefined && { taskQueue }),
  };
}

/** @throws HoldfastError `Input.Invalid`. */
export function jsonFlag(text: string, flag: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HoldfastError('Input.Invalid', `${flag}: not JSON: ${(cause as Error).message}`, {
      hint: 'Quote it for the shell: single quotes around, double quotes inside.',
    });
  }
}

/** One that is not known is refused by the client, which says it better. */
function knownZone(timeZone: string | undefined): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return timeZone;
  } catch {
    return undefined;
  }
}
