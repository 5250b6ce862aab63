import type { RunSummary } from '../../client';
import { escapeLine } from './escape';
import { duration, usd } from './figures';
import type { Style } from './style';
import { table } from './table';

/** Runs as a table; one line each. */
export function runTable(runs: readonly RunSummary[], style: Style): string {
  if (runs.length === 0) return 'no runs';
  const rows = runs.map(({ id, agent, status, costUsd, startedAt, closedAt }) => [
    escapeLine(id),
    escapeLine(agent ?? '?', 63),
    status,
    costUsd === null ? '' : usd(costUsd),
    localTime(startedAt),
    closedAt ? duration(closedAt.getTime() - startedAt.getTime()) : '',
  ]);
  return table(['run', 'agent', 'status', 'cost', 'started', 'took'], rows, style);
}

/** `2026-11-21 12:04:31`, where the reader is. */
export function localTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}
