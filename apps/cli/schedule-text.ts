import type { ScheduleDescription, ScheduleSummary, Triggered } from '../../client';
import { lengthInWords } from '../../client/schedule/words';
import { escapeLine, escapeText } from './escape';
import { duration, plural, usd } from './figures';
import { localTime } from './run-table';
import type { Style } from './style';
import { table } from './table';

/** Schedules as a table; one line each. */
export function scheduleTable(schedules: readonly ScheduleSummary[], style: Style): string {
  if (schedules.length === 0) return 'no schedules';
  const rows = schedules.map(({ id, agent, workflow, words, paused, next, note }) => [
    escapeLine(id),
    escapeLine(agent ?? workflow, 63),
    paused ? 'paused' : next[0] ? localTime(next[0]) : 'never',
    escapeLine(words, 60),
    escapeLine(note ?? '', 60),
  ]);
  return table(['schedule', 'starts', 'next', 'when', 'note'], rows, style);
}

/** All that is known of one. */
export function scheduleText(schedule: ScheduleDescription, style: Style): string {
  const { id, paused, words, counts, recent, running, next, remarks, note } = schedule;
  const lines = [`${style.bold(escapeLine(id))} · ${paused ? style.yellow('paused') : style.green('active')}`];
  const row = (name: string, text: string | undefined): void => {
    if (text) lines.push(`  ${name.padEnd(9)}${text}`);
  };
  row('starts', startsText(schedule));
  row('when', escapeLine(words, 500));
  for (const [index, time] of next.entries()) row(index === 0 ? 'next' : '', localTime(time));
  row('policy', policyText(schedule));
  row('counts', countsText(counts));
  row('note', note ? escapeLine(note, 700) : undefined);
  row('made', `${localTime(schedule.createdAt)}${schedule.createdBy ? ` by ${escapeLine(schedule.createdBy)}` : ''}`);
  row('running', running.map((run) => escapeLine(run)).join(', '));
  for (const remark of remarks) row('remark', remark);
  if (recent.length > 0) lines.push('', recentTable(recent, style));
  return lines.join('\n');
}

function startsText({ session, workflow, args, taskQueue }: ScheduleDescription): string {
  if (!session) return escapeText(`workflow ${workflow} on ${taskQueue} ${escapeLine(JSON.stringify(args))}`);
  const input = typeof session.input === 'string' ? session.input : JSON.stringify(session.input);
  return `${escapeLine(session.agent)}: ${escapeLine(input ?? '')}`;
}

function policyText({ overlap, catchupWindow, pauseOnFailure, remainingRuns }: ScheduleDescription): string {
  const parts = [`overlap ${overlap}`, `catches up ${lengthInWords(catchupWindow)}`];
  if (pauseOnFailure) parts.push('pauses on failure');
  if (remainingRuns !== null) parts.push(`${plural(remainingRuns, 'run')} left`);
  return parts.join(' · ');
}

function countsText({ taken, missed, skipped, buffered, dropped }: ScheduleDescription['counts']): string {
  const parts = [`${taken} started`, `${missed} missed`, `${skipped} skipped`, `${buffered} waiting`];
  if (dropped > 0) parts.push(`${dropped} dropped`);
  return parts.join(' · ');
}

function recentTable(recent: ScheduleDescription['recent'], style: Style): string {
  const rows = recent.map(({ id, status, costUsd, scheduledAt, startedAt, closedAt }) => [
    escapeLine(id),
    status,
    costUsd === null ? '' : usd(costUsd),
    localTime(scheduledAt),
    closedAt ? duration(closedAt.getTime() - startedAt.getTime()) : '',
  ]);
  return table(['run', 'status', 'cost', 'due', 'took'], rows, style);
}

export function triggeredText(id: string, { fate, run }: Triggered): string {
  if (fate === 'started') return run ?? `${id} started a run`;
  if (fate === 'waits') return `${id}: a run waits for the end of the one before it`;
  if (fate === 'skipped')
    return `${id}: nothing started, because a run goes on; --overlap allow-all starts one beside it`;
  return `${id} is triggered; \`holdfast schedule show ${id}\` tells what comes of it`;
}
