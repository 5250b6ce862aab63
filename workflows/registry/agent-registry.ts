import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RegistryInput, RegistryState } from '../../protocol/registry/registry';
import { SHARDS } from '../../protocol/registry/shards';
import { invalid } from '../check-update';
import {
  agentViewQuery,
  appointUpdate,
  candidatesQuery,
  findAgentsQuery,
  queueQuery,
  rateUpdate,
  registerUpdate,
  reportSignal,
  standingsQuery,
  unregisterUpdate,
} from '../messages';
import { checkAppoint, checkRate, checkRegister, checkUnregister } from './check-registry';
import { RegistryDesk } from './desk';
import { agentView, candidates, findAgents, queueView, standings } from './look-up';
import { slimmed } from './slimmed';

/** Messages of one Temporal run: the server takes 2,000 updates and 10,000 signals of one. */
const MESSAGES_A_RUN = 1_500;

/**
 * One part of a registry of agents: who there is, what they can do, who serves them and how they do. It never ends; it continues as
 * new with all it knows. Nothing waits for it but those who ask it.
 */
export async function agentRegistry(input: RegistryInput): Promise<void> {
  checkInput(input);
  const { registry, shard, rolloverMessages = MESSAGES_A_RUN } = input;
  const state: RegistryState = input.carried ?? { agents: {} };
  const desk = new RegistryDesk(state);
  let messages = 0;
  const counted =
    <Given, Answer>(act: (given: Given, now: number) => Answer) =>
    (given: Given): Answer => {
      messages++;
      return act(given, Date.now());
    };
  setHandler(findAgentsQuery, (asked) => findAgents(state, asked));
  setHandler(agentViewQuery, (name, now) => agentView(state, name, now));
  setHandler(candidatesQuery, (asked) => candidates(state, asked));
  setHandler(standingsQuery, (kinds, now) => standings(state, kinds, now));
  setHandler(queueQuery, (queue) => queueView(state, queue));
  setHandler(
    registerUpdate,
    counted((given, now) => desk.register(given, now)),
    { validator: (given) => checkRegister(state, given) },
  );
  setHandler(
    unregisterUpdate,
    counted((given) => desk.unregister(given)),
    { validator: (given) => checkUnregister(state, given) },
  );
  setHandler(
    appointUpdate,
    counted((given) => desk.appoint(given)),
    { validator: (given) => checkAppoint(state, given) },
  );
  setHandler(
    rateUpdate,
    counted((given, now) => desk.rate(given, now)),
    { validator: (given) => checkRate(state, given) },
  );
  setHandler(
    reportSignal,
    counted((given, now) => {
      if (typeof given === 'object' && given !== null) desk.report(given, now);
    }),
  );
  const due = (): boolean => messages >= rolloverMessages || workflowInfo().continueAsNewSuggested;
  setCurrentDetails(`part ${shard + 1} of ${SHARDS} of the registry **${registry}**`);
  await condition(due);
  await condition(allHandlersFinished);
  await continueAsNew<typeof agentRegistry>({ ...input, carried: slimmed(state) });
}

/** Checked in plain code, because any Temporal client can start it. */
function checkInput({ registry, shard, carried, rolloverMessages = 1 }: RegistryInput): void {
  if (typeof registry !== 'string' || registry === '') invalid('registry: its name is needed');
  if (!Number.isInteger(shard) || shard < 0 || shard >= SHARDS)
    invalid(`shard: a whole number from 0 to ${SHARDS - 1}`);
  if (!Number.isInteger(rolloverMessages) || rolloverMessages < 1) invalid('rolloverMessages: a whole number above 0');
  if (carried && workflowInfo().continuedFromExecutionRunId === undefined)
    invalid('carried: only a registry that continues as new carries something');
}
