import { activityInfo, getClient } from '@temporalio/activity';
import { SEARCH_ATTRIBUTE, UPDATE, WORKFLOW } from '../protocol/names';
import type { Spent, StoppedRun, StopRound, StopRoundInput } from '../protocol/stop-order';
import { withHeartbeat } from './heartbeat';
import { isCalling, plansMeant } from './stop-plans';
import { toFailure } from './to-failure';

type Client = ReturnType<typeof getClient>;

/** A run that does not take the order in this time is cancelled, which the server keeps until a worker comes. */
const ORDER_MS = 1_000;
/** How many are told at once. */
const AT_ONCE = 50;
/** Told in one round; the rest is found by the next. */
const PER_ROUND = 500;
/** Told and not yet ended, at a time: the order carries them along. */
const MOST_OPEN = 3_000;
const LOOK_MS = 500;
/** How often plans are asked whose calls they make: that asks each of them. */
const LOOK_INTO_PLANS_MS = 5_000;

/** One round of an emergency stop. Safe to repeat: a run that was told by this order is not told again. */
export async function stopRuns(input: StopRoundInput): Promise<StopRound> {
  try {
    return await withHeartbeat(async ({ signal }) => {
      const until = performance.now() + input.watchMs;
      for (let intoPlansAt = 0; ; ) {
        const into = performance.now() >= intoPlansAt;
        if (into) intoPlansAt = performance.now() + LOOK_INTO_PLANS_MS;
        const round = await roundOf(getClient(), input, PER_ROUND, into);
        const news = round.ended.length > 0 || round.told.some(({ id }) => !input.open.includes(id));
        if (news || signal.aborted || performance.now() >= until) return round;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    });
  } catch (error) {
    throw toFailure(error, activityInfo().attempt);
  }
}

/** @param most runs that are told. @param intoPlans whether plans are asked whose calls they make. */
export async function roundOf(
  client: Client,
  input: StopRoundInput,
  most = PER_ROUND,
  intoPlans = true,
): Promise<StopRound> {
  const known = new Set(input.open);
  const [found, ended] = await Promise.all([
    running(client, input.query, known, Math.min(most, MOST_OPEN - known.size)),
    inLanes(input.open, (id) => endOf(client, id, input)),
  ]);
  const seen = new Set([...known, ...found.map(({ id }) => id)]);
  const fresh = [...found, ...(intoPlans ? await plansCalling(client, input.query, seen) : [])];
  // What starts runs is told beside them, not after them: it would start the next one.
  const [told, above] = await Promise.all([
    inLanes(fresh, (run) => (run.starts ? tellWorkflow(client, run, input) : tell(client, run, input))),
    tellThoseAbove(client, fresh, new Set([...known, ...fresh.map(({ id }) => id)]), input),
  ]);
  return { told: [...told, ...above], ended: ended.filter((one) => one !== undefined) };
}

/** Those above runs that were found are told as such. */
async function plansCalling(client: Client, query: string, known: ReadonlySet<string>): Promise<Found[]> {
  const meant = plansMeant(query);
  if (!meant) return [];
  const plans = await running(client, meant.query, known, PER_ROUND);
  const calling = await inLanes(plans, ({ id }) => isCalling(client, id, meant.agents));
  return plans.filter((_plan, at) => calling[at]);
}

interface Found {
  id: string;
  what: string;
  parent: string | undefined;
  /** Started with a delay that is not over. */
  delayed: boolean;
  /** It is no run of an agent, but starts such runs: a plan, or a workflow of a user. */
  starts: boolean;
}

/** Those that were not told yet, however many of the others go on. */
async function running(client: Client, query: string, known: ReadonlySet<string>, most: number): Promise<Found[]> {
  const found: Found[] = [];
  if (most <= 0) return found;
  for await (const info of client.workflow.list({ query, pageSize: PER_ROUND })) {
    if (known.has(info.workflowId)) continue;
    const { workflowId: id, type, searchAttributes, parentExecution, executionTime } = info;
    const agent = searchAttributes[SEARCH_ATTRIBUTE.agent.name]?.[0];
    const delayed = executionTime !== undefined && executionTime.getTime() > Date.now();
    const starts = type !== WORKFLOW.agentSession;
    const what = starts ? type : String(agent ?? '?');
    found.push({ id, what, parent: parentExecution?.workflowId ?? undefined, delayed, starts });
    if (found.length >= most) break;
  }
  return found;
}

async function tell(client: Client, { id, what, delayed }: Found, input: StopRoundInput): Promise<StoppedRun> {
  const handle = client.workflow.getHandle(id);
  const orderedAt = Date.now();
  const { by, reason, order } = input;
  const asked = { args: [{ by, reason }] as [object], updateId: order };
  // An update would make a run begin that was started with a delay.
  const taken = delayed
    ? undefined
    : await client
        .withDeadline(orderedAt + ORDER_MS, () => handle.executeUpdate<Spent | null, [object]>(UPDATE.stop, asked))
        .then(
          (spent) => ({ costUsd: spent?.costUsd ?? null }),
          () => undefined,
        );
  const how = taken ? 'stop' : (await cancelled(client, id, input)) ? 'cancel' : 'nothing';
  const costAtOrderUsd = taken?.costUsd ?? null;
  return { id, what, by: how, orderedAt, endedAt: null, status: null, costAtOrderUsd, costUsd: null };
}

/** Plans and workflows of users that have runs below them, however deep: left alone they would start the next one. */
async function tellThoseAbove(
  client: Client,
  found: readonly Found[],
  known: ReadonlySet<string>,
  input: StopRoundInput,
): Promise<StoppedRun[]> {
  const seen = new Set(known);
  const told: StoppedRun[] = [];
  let level: readonly Found[] = found;
  while (level.length > 0) {
    const ids = [...new Set(level.flatMap(({ parent }) => (parent === undefined ? [] : [parent])))];
    const fresh = ids.filter((id) => !seen.has(id));
    for (const id of fresh) seen.add(id);
    const above = (await inLanes(fresh, (id) => startsRuns(client, id))).filter((one) => one !== undefined);
    told.push(...(await inLanes(above, (one) => tellWorkflow(client, one, input))));
    level = above;
  }
  return told;
}

async function startsRuns(client: Client, id: string): Promise<Found | undefined> {
  const described = await describe(client, id);
  // It is deleted, or in another namespace: it starts nothing here.
  if (!described) return undefined;
  const { type, status, parentExecution } = described;
  const starts = type === WORKFLOW.taskPlan || !Object.values<string>(WORKFLOW).includes(type);
  if (!starts || status.name !== 'RUNNING') return undefined;
  return { id, what: type, parent: parentExecution?.workflowId ?? undefined, delayed: false, starts };
}

async function tellWorkflow(client: Client, { id, what }: Found, input: StopRoundInput): Promise<StoppedRun> {
  const orderedAt = Date.now();
  const by = (await cancelled(client, id, input)) ? 'cancel' : 'nothing';
  return { id, what, by, orderedAt, endedAt: null, status: null, costAtOrderUsd: null, costUsd: null };
}

/** The high-level client has no place for a reason. */
async function cancelled(client: Client, workflowId: string, { by, reason, order }: StopRoundInput): Promise<boolean> {
  const { namespace } = client.options;
  return client.workflowService
    .requestCancelWorkflowExecution({
      namespace,
      workflowExecution: { workflowId },
      identity: by,
      requestId: order,
      reason,
    })
    .then(
      () => true,
      () => false,
    );
}

/** Undefined for what is not there any more. */
async function describe(client: Client, id: string) {
  try {
    return await client.workflow.getHandle(id).describe();
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}

/** How it ended; undefined as long as it has not. */
async function endOf(client: Client, id: string, { terminate, reason }: StopRoundInput) {
  const handle = client.workflow.getHandle(id);
  const described = await describe(client, id);
  if (!described) return { id, endedAt: Date.now(), status: 'unknown', costUsd: null };
  const { status, closeTime, searchAttributes } = described;
  if (status.name === 'RUNNING') {
    if (terminate) await handle.terminate(reason).catch(() => undefined);
    return undefined;
  }
  const recorded = searchAttributes[SEARCH_ATTRIBUTE.status.name]?.[0];
  const cost = searchAttributes[SEARCH_ATTRIBUTE.costUsd.name]?.[0];
  return {
    id,
    endedAt: closeTime?.getTime() ?? Date.now(),
    status: status.name === 'COMPLETED' && typeof recorded === 'string' ? recorded : status.name.toLowerCase(),
    costUsd: typeof cost === 'number' ? cost : null,
  };
}

async function inLanes<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results.push(await work(items[at] as Item));
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane));
  return results;
}
