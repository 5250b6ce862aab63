import type {
  CalendarSpec,
  ScheduleOptions,
  ScheduleOverlapPolicy,
  ScheduleSpec,
  ScheduleSpecDescription,
} from '@temporalio/client';
import type { Calendar } from '../../protocol/calendar';
import { cronProblem } from '../../protocol/cron';
import type { Overlap, SchedulePolicy, ScheduleTimes } from '../../protocol/schedule';

/** As the server takes it. The text of a cron expression goes along as a comment, because the server keeps only what it means. */
export function toSpec(times: ScheduleTimes): ScheduleSpec {
  const { cron, every, calendar, except, timeZone, jitter, startAt, endAt } = times;
  return {
    ...(cron && { cronExpressions: cron.map((text) => `${text} # ${text}`) }),
    ...(every && { intervals: every }),
    ...(calendar && { calendars: calendar as CalendarSpec[] }),
    ...(except && { skip: except as CalendarSpec[] }),
    ...(timeZone !== undefined && { timezone: timeZone }),
    ...(jitter !== undefined && { jitter }),
    ...(startAt && { startAt }),
    ...(endAt && { endAt }),
  };
}

/** The same again from what the server describes; also of schedules that others made. */
export function fromSpec(spec: ScheduleSpecDescription): ScheduleTimes {
  const calendars = calendarsOf(spec);
  const cron = calendars.map(cronOf).filter((text) => text !== undefined);
  const calendar = calendars.filter((one) => cronOf(one) === undefined);
  const every = (spec.intervals ?? []).map(({ every, offset }) => ({ every, offset: offset ?? 0 }));
  const except = (spec.skip ?? []).map(calendarOf);
  return {
    ...(cron.length > 0 && { cron }),
    ...(every.length > 0 && { every }),
    ...(calendar.length > 0 && { calendar }),
    ...(except.length > 0 && { except }),
    ...(spec.timezone && { timeZone: spec.timezone }),
    ...(spec.jitter && { jitter: spec.jitter }),
    ...(spec.startAt && { startAt: spec.startAt }),
    ...(spec.endAt && { endAt: spec.endAt }),
  };
}

/** All calendars, those of cron expressions too. */
export function calendarsOf(spec: ScheduleSpecDescription): Calendar[] {
  return (spec.calendars ?? []).map(calendarOf);
}

type Described = NonNullable<ScheduleSpecDescription['calendars']>[number];

function calendarOf({ comment, ...fields }: Described): Calendar {
  return { ...fields, ...(comment && { comment }) };
}

/** Every calendar of a cron expression has its text as comment. */
function cronOf({ comment }: Calendar): string | undefined {
  return comment !== undefined && cronProblem(comment) === undefined ? comment : undefined;
}

export function toOverlap(overlap: Overlap): ScheduleOverlapPolicy {
  return overlap.toUpperCase().replaceAll('-', '_') as ScheduleOverlapPolicy;
}

export function fromOverlap(overlap: ScheduleOverlapPolicy): Overlap {
  return (overlap ?? 'SKIP').toLowerCase().replaceAll('_', '-') as Overlap;
}

export function toPolicies({
  overlap,
  catchupWindow,
  pauseOnFailure,
}: SchedulePolicy): NonNullable<ScheduleOptions['policies']> {
  return {
    ...(overlap && { overlap: toOverlap(overlap) }),
    ...(catchupWindow !== undefined && { catchupWindow }),
    ...(pauseOnFailure !== undefined && { pauseOnFailure }),
  };
}
