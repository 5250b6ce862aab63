import type { Policy } from './policy';

/** A policy that says of every kind of rule which there are. */
export type WholePolicy = Policy &
  Required<Pick<Policy, 'profile' | 'allow' | 'ask' | 'deny'>> & {
    tainted: Required<NonNullable<Policy['tainted']>>;
  };

/** A worker's policy and an agent's as one: all rules of both; where only one can hold, the agent's. */
export function combined(worker: Policy, agent: Policy): WholePolicy {
  const both = <Item>(a: Item[] = [], b: Item[] = []): Item[] => [...a, ...b];
  const models = agent.models ?? worker.models;
  const approval = agent.approval ?? worker.approval;
  return {
    profile: agent.profile ?? worker.profile ?? 'strict',
    allow: both(worker.allow, agent.allow),
    ask: both(worker.ask, agent.ask),
    deny: both(worker.deny, agent.deny),
    tainted: {
      allow: both(worker.tainted?.allow, agent.tainted?.allow),
      ask: both(worker.tainted?.ask, agent.tainted?.ask),
      deny: both(worker.tainted?.deny, agent.tainted?.deny),
    },
    ...(models && { models }),
    ...(approval && { approval }),
  };
}
