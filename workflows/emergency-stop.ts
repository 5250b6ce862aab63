import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { HoldfastActivities } from '../protocol/activities';
import { belongingTo, runOrBelow } from '../protocol/list-filter';
import { WORKFLOW } from '../protocol/names';
import type { StopOrder, StoppedRun, StopReceipt, StopRound } from '../protocol/stop-order';
import { STOP_ROUND } from './activity-options';
import { checkActor, invalid, refuse } from './check-update';
import { receiptQuery, releaseUpdate } from './messages';

const { stopRuns } = proxyActivities<Pick<HoldfastActivities, 'stopRuns'>>(STOP_ROUND);

const WITHIN_MS = 60_000;
/** Visibility may be this far behind: nothing is called settled on its word alone. */
const LAG_MS = 3_000;
const WATCH_MS = { stopping: 500, holding: 60_000 };
const SHOWN_RUNS = 2_000;

interface Carried {
  receipt: StopReceipt;
  open: StoppedRun[];
  quietSince: number | null;
}

/**
 * Stops every run under a query, and what starts meanwhile, until it is released. Its result is the receipt: what was stopped when,
 * by which means, and what was spent after the order.
 */
export async function emergencyStop(order: StopOrder, carried?: Carried): Promise<StopReceipt> {
  checkOrder(order);
  const state = carried ?? begin(order);
  const { receipt } = state;
  let watch: CancellationScope | undefined;
  setHandler(receiptQuery, () => receipt);
  setHandler(
    releaseUpdate,
    ({ by, reason }) => {
      receipt.released = { by, ...(reason !== undefined && { reason }), at: Date.now() };
      watch?.cancel();
    },
    {
      validator: (actor) => {
        checkActor(actor);
        if (receipt.released) refuse('Control.Illegal', `it was released by ${receipt.released.by} already`);
      },
    },
  );
  while (!over(state, order)) {
    setCurrentDetails(detailsOf(receipt));
    watch = new CancellationScope();
    try {
      take(state, await watch.run(() => round(state, order)));
    } catch (error) {
      // Only a release ends a round before its time.
      if (!isCancellation(error) || !receipt.released) throw error;
    }
    if (workflowInfo().continueAsNewSuggested && !receipt.released)
      return continueAsNew<typeof emergencyStop>(order, state);
  }
  receipt.state = 'done';
  setCurrentDetails(detailsOf(receipt));
  await condition(allHandlersFinished);
  return receipt;
}

function begin({ by, reason, ...order }: StopOrder): Carried {
  const receipt: StopReceipt = {
    state: 'stopping',
    order: { by, reason, query: queryOf(order) },
    orderedAt: Date.now(),
    settledAt: null,
    released: null,
    ordered: 0,
    ended: 0,
    costAfterUsd: 0,
    uncounted: 0,
    runs: [],
  };
  return { receipt, open: [], quietSince: null };
}

/** Checked in plain code, because any Temporal client can start it. */
function checkOrder(order: StopOrder): void {
  checkActor(order);
  if (typeof order.reason !== 'string' || order.reason.trim() === '') invalid('reason: say why runs are stopped');
  for (const name of ['query', 'tenant', 'root'] as const) {
    if (order[name] !== undefined && typeof order[name] !== 'string') invalid(`${name}: not a text`);
  }
  if (order.within !== undefined && typeof order.within !== 'number') invalid('within: not a number of milliseconds');
}

function queryOf({ query, tenant, root }: Pick<StopOrder, 'query' | 'tenant' | 'root'>): string {
  const types = [WORKFLOW.agentSession, WORKFLOW.taskPlan].map((type) => `"${type}"`);
  const filters = [`WorkflowType IN (${types.join(', ')})`, 'ExecutionStatus = "Running"'];
  filters.push(...belongingTo({ ...(tenant !== undefined && { tenant }) }));
  if (root !== undefined) filters.push(runOrBelow('WorkflowId', root));
  if (query !== undefined) filters.push(`(${query})`);
  return filters.join(' AND ');
}

function round({ receipt, open }: Carried, { terminate = false, within = WITHIN_MS }: StopOrder): Promise<StopRound> {
  const { by, reason = '', query } = receipt.order;
  const late = Date.now() - receipt.orderedAt > within;
  return stopRuns({
    query,
    order: workflowInfo().workflowId,
    by,
    reason,
    open: open.map(({ id }) => id),
    watchMs: WATCH_MS[receipt.state === 'holding' ? 'holding' : 'stopping'],
    terminate: terminate && late,
  });
}

function take(state: Carried, { told, ended }: StopRound): void {
  const { receipt, open } = state;
  for (const run of told) {
    if (open.some(({ id }) => id === run.id)) continue;
    open.push(run);
    receipt.ordered++;
    if (receipt.runs.length < SHOWN_RUNS) receipt.runs.push(run);
  }
  for (const end of ended) {
    const run = open.find(({ id }) => id === end.id);
    if (!run) continue;
    Object.assign(run, end);
    receipt.ended++;
    const { costUsd, costAtOrderUsd } = run;
    if (costUsd === null || costAtOrderUsd === null) receipt.uncounted++;
    else receipt.costAfterUsd += Math.max(0, costUsd - costAtOrderUsd);
  }
  const shown = new Map(receipt.runs.map((run) => [run.id + run.orderedAt, run]));
  for (const run of open) Object.assign(shown.get(run.id + run.orderedAt) ?? {}, run);
  state.open = open.filter(({ endedAt }) => endedAt === null);
  state.quietSince = state.open.length > 0 || told.length > 0 ? null : (state.quietSince ?? Date.now());
  if (state.open.length > 0) receipt.settledAt = null;
  else receipt.settledAt ??= Date.now();
}

function over({ receipt, open, quietSince }: Carried, { hold = true, within = WITHIN_MS }: StopOrder): boolean {
  const now = Date.now();
  const late = now - receipt.orderedAt > within + LAG_MS;
  const quiet = quietSince !== null && now - quietSince >= LAG_MS;
  receipt.state = quiet ? 'holding' : 'stopping';
  if (receipt.released) return open.length === 0 || late;
  return !hold && (quiet || late);
}

function detailsOf({ state, order, ordered, ended, costAfterUsd, uncounted, released }: StopReceipt): string {
  return [
    `**${state}**: ${ended} of ${ordered} runs ended`,
    '',
    `By ${order.by}: ${order.reason}`,
    `\`${order.query}\``,
    `Spent after the order: $${costAfterUsd}${uncounted > 0 ? `; not known of ${uncounted} runs` : ''}`,
    released ? `Released by ${released.by}.` : '',
  ].join('\n');
}
