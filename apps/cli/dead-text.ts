import type { DeadLetterSummary, DeadLetterView } from '../../client';
import type { DeadLetter } from '../../protocol/dead-letter';
import { escapeLine } from './escape';
import { localTime } from './run-table';
import type { Style } from './style';
import { table } from './table';

/** Dead letters as a table; one line each. */
export function letterTable(letters: readonly DeadLetterSummary[], style: Style): string {
  if (letters.length === 0) return 'nothing was given up';
  const rows = letters.map(({ id, kind, run, status, at, title }) => [
    escapeLine(id),
    kind ?? '?',
    escapeLine(run ?? '?'),
    status,
    localTime(at),
    escapeLine(title, 80),
  ]);
  return table(['letter', 'kind', 'run', 'status', 'since', 'what'], rows, style);
}

export function letterText({ letter, at, attempts, end }: DeadLetterView): string {
  const lines = [
    escapeLine(letter.title, 200),
    `${letter.kind} of ${escapeLine(letter.run)}, given up ${localTime(new Date(at))}`,
    `cause: ${escapeLine(letter.cause, 500)}`,
    `payload: ${escapeLine(JSON.stringify(payloadOf(letter)), 2_000)}`,
    ...attempts.map(
      ({ by, at: when, failure }) =>
        `retried by ${escapeLine(by)} ${localTime(new Date(when))}${failure === null ? '' : `: ${escapeLine(failure, 500)}`}`,
    ),
  ];
  if (end) {
    const why = end.reason === undefined ? '' : `: ${escapeLine(end.reason, 500)}`;
    lines.push(`${end.how} by ${escapeLine(end.by)} ${localTime(new Date(end.at))}${why}`);
  }
  return lines.join('\n');
}

/** What the work is about, without the permissions it was done under. */
function payloadOf({ work }: DeadLetter): unknown {
  if ('effect' in work) return work.effect.call;
  return 'undo' in work ? work.undo.effects[0] : work.input;
}
