import type { Outcome } from './standing';

/** What a plan says of its nodes while it runs, beside the history: nobody waits for it, and a replay does not say it again. */
export type RegistrySinks = {
  holdfastRegistry: {
    /** @param id of the attempt: the same for every time it is told. */
    began(id: string, agent: string): void;
    /** @param outcome null where its end says nothing about the agent. */
    ended(id: string, agent: string, outcome: Outcome | null): void;
  };
};
