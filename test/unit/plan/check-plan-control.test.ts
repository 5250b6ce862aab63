import { type PlanDefinition, planSchema } from '../../../protocol/plan/definition';
import type { NodeStatus, PlanState } from '../../../protocol/plan/state';
import { checkAdjustment, checkAmending } from '../../../workflows/plan/check-plan-control';
import { PlanDesk } from '../../../workflows/plan/plan-desk';

/** What comes to a running plan from any Temporal client: refused before it is recorded, with what would be right. */

const STATUSES: NodeStatus[] = [
  'pending',
  'ready',
  'waiting',
  'assigned',
  'running',
  'done',
  'failed',
  'skipped',
  'cancelled',
  'expired',
];

/** A plan with a node in every status, called after it. */
function stateOf(): PlanState {
  const definition: PlanDefinition = { name: 'p', agent: 'worker', nodes: STATUSES.map((id) => ({ id, goal: 'g' })) };
  const agents = { worker: { revision: 'r', capabilities: [], costUsd: null } };
  const fresh = { nodes: {}, chosen: {}, served: {}, actions: [], undos: [] };
  const plan = planSchema.parse(definition);
  const state: PlanState = { plan, agents, startedAt: 0, spentUsd: 0, tokens: 0, ...fresh };
  const desk = new PlanDesk(state, 0);
  for (const status of STATUSES) desk.progress(status).status = status;
  return state;
}

const by = 'ana';
const ended = (node: string) => ['done', 'failed', 'skipped', 'cancelled', 'expired'].includes(node);
const begun = (node: string) => ['assigned', 'running'].includes(node);

const MAY: Record<string, (node: string) => boolean> = {
  retry: (node) => ended(node) && node !== 'done',
  skip: (node) => !ended(node) && !begun(node),
  cancel: (node) => !ended(node),
  change: (node) => !ended(node),
};

test.each(Object.keys(MAY))('%s is taken exactly where it can be', (action) => {
  const taken = STATUSES.filter((node) => {
    try {
      checkAdjustment(stateOf(), { node, action, by } as never);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ type: 'Plan.Illegal', message: expect.stringContaining(`"${node}"`) });
      return false;
    }
  });
  expect(taken).toEqual(STATUSES.filter((node) => MAY[action]?.(node)));
});

test.each<[string, object, string, RegExp]>([
  ['nobody', { node: 'ready', action: 'skip', by: '' }, 'Input.Invalid', /^by: /],
  ['an unknown node', { node: 'nowhere', action: 'skip' }, 'Plan.UnknownNode', /"nowhere"/],
  ['a node by the name of what every object has', { node: 'toString', action: 'skip' }, 'Plan.UnknownNode', /toString/],
  ['an unknown action', { node: 'ready', action: 'burn' }, 'Input.Invalid', /not one of retry, .*: burn$/],
  ['an agent for what has begun', { node: 'running', action: 'change', agent: 'worker' }, 'Plan.Illegal', /has begun/],
  ['an agent nobody knows', { node: 'ready', action: 'change', agent: 'who' }, 'Plan.UnknownAgent', /"who"/],
  ['half a priority', { node: 'ready', action: 'change', priority: 1.5 }, 'Input.Invalid', /^priority: /],
  ['a priority beyond', { node: 'ready', action: 'change', priority: 6 }, 'Input.Invalid', /^priority: /],
  ['a deadline in words', { node: 'ready', action: 'change', deadline: '1h' }, 'Input.Invalid', /^deadline: /],
  ['a deadline of nothing', { node: 'ready', action: 'change', softDeadline: 0 }, 'Input.Invalid', /^softDeadline: /],
])('an order with %s is refused', (_what, order, type, message) => {
  const check = () => checkAdjustment(stateOf(), { by, ...order } as never);
  expect(check).toThrow(expect.objectContaining({ type, message: expect.stringMatching(message) }));
});

test.each<[string, object, string, RegExp]>([
  ['nothing', {}, 'Input.Invalid', /nothing is added/],
  ['no list', { add: {} }, 'Input.Invalid', /^add: not a list/],
  ['null for a list', { remove: null }, 'Input.Invalid', /^remove: not a list/],
  ['a node that is none', { replace: [null] }, 'Plan.UnknownNode', /there is no node/],
  ['an unknown node', { remove: ['nowhere'] }, 'Plan.UnknownNode', /"nowhere"/],
  ['a node that has begun', { replace: [{ id: 'assigned', goal: 'g' }] }, 'Plan.Illegal', /"assigned" is assigned/],
  ['a node that has ended', { remove: ['done'] }, 'Plan.Illegal', /"done" is done/],
])('an amendment with %s is refused', (_what, amendment, type, message) => {
  const check = () => checkAmending(stateOf(), { by, ...amendment } as never);
  expect(check).toThrow(expect.objectContaining({ type, message: expect.stringMatching(message) }));
});

test('as long as it is being planned nothing can be changed; then what has not begun can', () => {
  const planning = { type: 'Plan.Illegal', message: 'it is only just being planned' };
  expect(() => checkAdjustment(undefined, { node: 'a', action: 'skip', by })).toThrow(
    expect.objectContaining(planning),
  );
  expect(() => checkAmending(undefined, { remove: ['a'], by })).toThrow(expect.objectContaining(planning));
  checkAmending(stateOf(), {
    by,
    add: [{ id: 'x', goal: 'g' }],
    replace: [{ id: 'ready', goal: 'g' }],
    remove: ['pending', 'waiting'],
  });
  checkAdjustment(stateOf(), {
    by,
    node: 'ready',
    action: 'change',
    agent: 'worker',
    priority: 1,
    deadline: 5,
    softDeadline: 4,
  });
});
