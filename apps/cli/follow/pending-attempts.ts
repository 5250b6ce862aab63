/** A call of a run that is being tried again, as the server describes it. */
export interface PendingAttempt {
  activityId: string;
  /** `invokeModel`, `tool.files_read`. */
  activity: string;
  /** The attempt that runs now or comes next. */
  attempt: number;
  /** Until the next attempt starts; null when it runs. */
  nextInMs: number | null;
  code: string;
  message: string;
}

/** The part of a description that is read; the server's own type has every field nullable. */
export interface RawPendingActivity {
  activityId?: string | null;
  activityType?: { name?: string | null } | null;
  attempt?: number | null;
  nextAttemptScheduleTime?: RawTimestamp | null;
  lastFailure?: {
    message?: string | null;
    applicationFailureInfo?: { type?: string | null } | null;
    timeoutFailureInfo?: object | null;
  } | null;
}

interface RawTimestamp {
  /** A protobuf Long, or a number. */
  seconds?: { toNumber(): number } | number | null;
  nanos?: number | null;
}

/** Calls that failed at least once and are not given up. */
export function pendingAttempts(activities: readonly RawPendingActivity[], now: number): PendingAttempt[] {
  return activities.flatMap((activity) => {
    const { attempt, lastFailure } = activity;
    if (!lastFailure || (attempt ?? 1) < 2) return [];
    const due = millisecondsOf(activity.nextAttemptScheduleTime);
    return {
      activityId: activity.activityId ?? '',
      activity: activity.activityType?.name ?? 'activity',
      attempt: attempt ?? 1,
      nextInMs: due !== undefined && due > now ? due - now : null,
      code: lastFailure.applicationFailureInfo?.type ?? (lastFailure.timeoutFailureInfo ? 'Timeout' : 'Failure'),
      message: lastFailure.message ?? '',
    };
  });
}

function millisecondsOf(time: RawTimestamp | null | undefined): number | undefined {
  if (!time?.seconds) return undefined;
  const seconds = typeof time.seconds === 'number' ? time.seconds : time.seconds.toNumber();
  return seconds * 1_000 + (time.nanos ?? 0) / 1e6;
}
