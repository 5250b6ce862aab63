import {
  allHandlersFinished,
  condition,
  continueAsNew,
  currentUpdateInfo,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Taken, WarmPoolInput, WarmPoolView } from '../protocol/warm-pool';
import type { agentSession } from './agent-session';
import { checkActor, checkResize, invalid } from './check-update';
import { closeUpdate, poolQuery, resizeUpdate, takeUpdate } from './messages';

/** Orders whose answers are still known after a roll-over: the server knows the update ids of one Temporal run only. */
const KNOWN_ORDERS = 200;
/** Orders in one Temporal run; the server takes 2,000 updates of one. */
const ORDERS_A_RUN = 1_000;

type State = NonNullable<WarmPoolInput['carried']>;

/**
 * Sessions of one agent that are started before anybody needs them, and given away in the order of their start. Each is given
 * away once and replaced by a new one, so that nothing of one user can be there for the next.
 */
export async function warmPool(input: WarmPoolInput): Promise<WarmPoolView> {
  checkInput(input);
  const state: State = input.carried ?? { ready: [], taken: 0, cold: 0, orders: [] };
  let { size } = input;
  let closed = false;
  let ordersHere = 0;
  const view = (): WarmPoolView => {
    const { ready, taken, cold } = state;
    return { agent: input.agent, size, ready, taken, cold };
  };

  setHandler(poolQuery, view);
  setHandler(
    takeUpdate,
    async () => {
      ordersHere++;
      const id = currentUpdateInfo()?.id ?? uuid4();
      const known = state.orders.find((order) => order.id === id);
      if (known) return known.taken;
      state.taken++;
      const waiting = state.ready.shift();
      if (waiting === undefined) state.cold++;
      const taken: Taken = { id: waiting ?? (await startSession(input)), warm: waiting !== undefined };
      state.orders = [...state.orders, { id, taken }].slice(-KNOWN_ORDERS);
      return taken;
    },
    { validator: (actor) => checkOpen(() => checkActor(actor), closed) },
  );
  setHandler(
    resizeUpdate,
    ({ size: wanted }) => {
      ordersHere++;
      size = wanted;
    },
    { validator: (given) => checkOpen(() => checkResize(given), closed) },
  );
  setHandler(
    closeUpdate,
    () => {
      closed = true;
    },
    { validator: (actor) => checkOpen(() => checkActor(actor), closed) },
  );

  const due = (): boolean => workflowInfo().continueAsNewSuggested || ordersHere >= ORDERS_A_RUN;
  while (!closed && !due()) {
    setCurrentDetails(detailsOf(view()));
    if (state.ready.length < size) state.ready.push(await startSession(input));
    else if (state.ready.length > size) await endSession(state.ready.pop() as string);
    else await condition(() => closed || due() || state.ready.length !== size);
  }
  if (closed) for (const id of state.ready.splice(0)) await endSession(id);
  await condition(allHandlersFinished);
  if (!closed) return continueAsNew<typeof warmPool>({ ...input, size, carried: state });
  return view();
}

/** A chat that waits for its first message. It belongs to nobody's tree: its id is the root of what it does. */
async function startSession({ agent, options }: WarmPoolInput): Promise<string> {
  const workflowId = `${agent}-warm-${uuid4()}`;
  await startChild<typeof agentSession>('agentSession', {
    workflowId,
    args: [{ ...options, agent, input: null, chat: options?.chat ?? {} }],
    staticSummary: `${agent}: warm`,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  });
  return workflowId;
}

/** Nobody has used it, so there is nothing to be lost; it may have ended by itself. */
async function endSession(id: string): Promise<void> {
  await getExternalWorkflowHandle(id)
    .cancel()
    .catch(() => undefined);
}

function checkOpen(check: () => void, closed: boolean): void {
  check();
  if (closed) invalid('the pool is closed');
}

/** Checked in plain code, because any Temporal client can start it. What a session is started with, the session checks. */
function checkInput({ agent, size, options, carried }: WarmPoolInput): void {
  if (typeof agent !== 'string') invalid('agent: the name of an agent is needed');
  checkResize({ by: 'start', size });
  if (options !== undefined && (typeof options !== 'object' || options === null)) invalid('options: not an object');
  if (carried && workflowInfo().continuedFromExecutionRunId === undefined)
    invalid('carried: only a pool that continues as new carries something');
}

function detailsOf({ agent, size, ready, taken, cold }: WarmPoolView): string {
  return `**${agent}** · ${ready.length} of ${size} ready · ${taken} taken, ${cold} of them cold`;
}
