import type { StopReceipt } from '../../client';
import { escapeLine } from './escape';
import { duration, usd } from './figures';
import type { Style } from './style';
import { table } from './table';

/** What an emergency stop came to. */
export function receiptText(id: string, receipt: StopReceipt, style: Style): string {
  const { state, order, orderedAt, ordered, ended, costAfterUsd, uncounted, runs } = receipt;
  const rows = runs.map((run) => [
    escapeLine(run.id),
    escapeLine(run.what, 63),
    run.by,
    run.status ?? 'runs',
    run.endedAt === null ? '' : duration(run.endedAt - orderedAt),
    run.costUsd === null ? '' : usd(run.costUsd),
  ]);
  const unknown = uncounted > 0 ? ` (not known of ${uncounted})` : '';
  const lines = [`${id}: ${ended} of ${ordered} runs ended, ${usd(costAfterUsd)} spent after the order${unknown}`];
  if (rows.length > 0) lines.push(table(['run', 'agent', 'by', 'status', 'after', 'cost'], rows, style));
  lines.push(`ordered by ${escapeLine(order.by)}: ${escapeLine(order.reason ?? '', 500)}`);
  if (state === 'holding') lines.push(`What starts is stopped until: holdfast runs release ${id}`);
  return lines.join('\n');
}
