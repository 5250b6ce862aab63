import { HoldfastError } from '../../protocol/failures';
import { problemsOf } from '../../protocol/problems';
import {
  instantSchema,
  type SchedulePolicy,
  type ScheduleTimes,
  schedulePolicySchema,
  scheduleTimesSchema,
} from '../../protocol/schedule';
import { jsonOf } from '../checks';

/** The server adds a time to it for the ids of runs, which have at most 200 characters. */
const SCHEDULE_ID = /^[A-Za-z0-9][A-Za-z0-9._:@+=~-]{0,159}$/;
/** The server takes 1000 bytes, with who and when. */
const LONGEST_REASON = 500;

/** @throws HoldfastError `Input.Invalid`. */
export function checkScheduleId(id: string): string {
  if (typeof id === 'string' && SCHEDULE_ID.test(id)) return id;
  throw new HoldfastError('Input.Invalid', `not a schedule id: ${JSON.stringify(id)}`, {
    hint: 'Letters, digits and . _ : @ + = ~ - only, at most 160, starting with a letter or digit.',
  });
}

/** @throws HoldfastError `Input.Invalid`. */
export function checkTimes(given: unknown): ScheduleTimes {
  return parsed(scheduleTimesSchema, given, 'E.g. cron "0 9 * * 1-5", every "10m", timeZone "Europe/Berlin".');
}

/** @throws HoldfastError `Input.Invalid`. */
export function checkPolicy(given: unknown): SchedulePolicy {
  return parsed(schedulePolicySchema, given, 'See docs/schedules.md for what each policy means.');
}

/** @throws HoldfastError `Input.Invalid`. */
export function checkPeriod(from: unknown, to: unknown): { start: Date; end: Date } {
  const hint = 'Give two moments, e.g. "2026-11-20T00:00:00Z".';
  const start = parsed(instantSchema, from, hint, 'from');
  const end = parsed(instantSchema, to, hint, 'to');
  if (start < end) return { start, end };
  throw new HoldfastError('Input.Invalid', 'to: the end is not after the start', { hint });
}

/** @throws HoldfastError `Input.Invalid`. */
export function checkReason(reason: string | undefined): string | undefined {
  if (reason === undefined || (typeof reason === 'string' && Buffer.byteLength(reason) <= LONGEST_REASON))
    return reason;
  throw new HoldfastError('Input.Invalid', `the reason is not a text of at most ${LONGEST_REASON} bytes`, {
    hint: 'Say it shorter: the server keeps it as the note of the schedule.',
  });
}

const TIMES = ['cron', 'every', 'calendar', 'except', 'timeZone', 'jitter', 'startAt', 'endAt'];
const POLICY = ['overlap', 'catchupWindow', 'pauseOnFailure', 'remainingRuns'];

type Parts = Record<'times' | 'policy' | 'rest', Record<string, unknown>>;

/** What is given, sorted by what it is about; what is undefined is as good as not given. */
export function partsOf(given: object): Parts {
  const parts: Parts = { times: {}, policy: {}, rest: {} };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const part = TIMES.includes(name) ? parts.times : POLICY.includes(name) ? parts.policy : parts.rest;
    part[name] = value;
  }
  return parts;
}

interface Rest {
  paused?: boolean;
  note?: string;
  memo?: Record<string, unknown>;
}

/** @throws HoldfastError `Input.Invalid`. */
export function checkRest(given: Record<string, unknown>): Rest {
  const problem = restProblem(given);
  if (problem !== undefined) throw new HoldfastError('Input.Invalid', problem, { hint: 'See ScheduleOptions.' });
  if (given.memo !== undefined) jsonOf(given.memo);
  return given as Rest;
}

function restProblem({ paused, note: _, memo, ...unknown }: Record<string, unknown>): string | undefined {
  const [name] = Object.keys(unknown);
  if (name !== undefined) return `${name}: a schedule has no such option`;
  if (paused !== undefined && typeof paused !== 'boolean') return 'paused: true or false';
  if (memo === undefined || (typeof memo === 'object' && memo !== null && !Array.isArray(memo))) return undefined;
  return 'memo: an object is needed';
}

function parsed<Output>(schema: Schema<Output>, given: unknown, hint: string, name?: string): Output {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new HoldfastError('Input.Invalid', problemsOf(result.error, name), { hint });
}

type Failed = { success: false; error: Parameters<typeof problemsOf>[0] };
interface Schema<Output> {
  safeParse(given: unknown): { success: true; data: Output } | Failed;
}
