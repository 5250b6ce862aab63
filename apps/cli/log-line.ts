import type { LogRecord } from '../../workers/logging';
import { escapeLine } from './escape';
import type { Output } from './output';
import type { Style } from './style';

/** Fields that say what a line is about; the rest is in the JSON form. */
const SHOWN = [
  'correlationId',
  'agent',
  'turn',
  'tool',
  'model',
  'outcome',
  'inputTokens',
  'outputTokens',
  'ms',
  'attempt',
];

/** Lines for people, `auto` on a terminal only; undefined means JSON. */
export function logFormat(
  out: Output,
  wanted: 'auto' | 'pretty' | 'json' = 'auto',
): ((record: LogRecord) => string) | undefined {
  const pretty = wanted === 'auto' ? out.stderr.isTTY && !out.json : wanted === 'pretty';
  return pretty ? (record) => logLine(record, out.note) : undefined;
}

/** `12:04:31 info  model answered correlationId=a agent=b turn=3` */
export function logLine(record: LogRecord, style: Style): string {
  const { time, level, msg, error } = record;
  const fields = SHOWN.flatMap((name) => {
    const value = record[name];
    return value === undefined || value === null ? [] : [`${name}=${escapeLine(String(value), 80)}`];
  });
  const cause = (error as { message?: unknown } | undefined)?.message;
  const why = cause === undefined ? '' : ` · ${escapeLine(String(cause), 300)}`;
  const head = `${style.dim(String(time).slice(11, 19))} ${levelText(level, style)} ${escapeLine(msg, 400)}${why}`;
  return fields.length > 0 ? `${head} ${style.dim(fields.join(' '))}` : head;
}

function levelText(level: string, style: Style): string {
  const padded = level.padEnd(5);
  if (level === 'error') return style.red(padded);
  return level === 'warn' ? style.yellow(padded) : padded;
}
