import {
  type Client,
  ScheduleClient,
  type ScheduleDescription,
  type ScheduleOptionsStartWorkflowAction,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { HoldfastError } from '../../protocol/failures';

/** The SDK's own type forgets what the state holds. */
export type Replacement = Omit<ScheduleUpdateOptions<ScheduleOptionsStartWorkflowAction<Workflow>>, 'state'> & {
  state: { paused: boolean; remainingActions?: number };
};

const ATTEMPTS = 5;
const BEFORE = ' · before: ';

/**
 * Replaces a schedule by what is made of it, unless it was changed in between: then it is made anew. The server says nothing
 * of a replacement it refused for that reason, so the note, which must be like no other, tells whether it was taken.
 * @throws HoldfastError `Schedule.Conflict`.
 */
export async function replaceSchedule(
  client: Client,
  id: string,
  note: string,
  make: (current: ScheduleDescription) => Replacement,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const handle = guarded(client).getHandle(id);
    await handle.update((current) => {
      const made = make(current);
      const stays = current.state.paused && made.state.paused;
      return { ...made, state: { ...made.state, note: stays ? withPause(note, current.state.note) : note } };
    });
    const { state } = await handle.describe();
    if (state.note?.startsWith(note)) return;
  }
  throw new HoldfastError('Schedule.Conflict', `the schedule "${id}" was changed again and again while it was edited`, {
    hint: `Look at it and try again: holdfast schedule show ${id}`,
  });
}

/** Why it is paused goes on to be said, behind what was done since. */
function withPause(note: string, before = ''): string {
  return `${note}${BEFORE}${before.split(BEFORE).at(-1)}`;
}

/**
 * Leaves a note of what was done, where that replaces no reason why the schedule is paused. Where it was changed in the same
 * moment, the note of that stays.
 */
export async function annotate(client: Client, id: string, note: string): Promise<void> {
  const { state } = await client.schedule.getHandle(id).describe();
  if (state.paused) return;
  await guarded(client)
    .getHandle(id)
    .update((current) => ({ ...same(current), state: { ...current.state, ...(!current.state.paused && { note }) } }));
}

/** All of it, as it is. */
export function same({ spec, action, policies, state, searchAttributes }: ScheduleDescription): Replacement {
  return {
    spec: spec as Replacement['spec'],
    action: action as Replacement['action'],
    policies,
    state,
    searchAttributes,
  };
}

/** The SDK's client does not send the token that makes the server refuse a replacement of something that changed since. */
function guarded({ connection, schedule }: Client): ScheduleClient {
  const { workflowService } = connection;
  let conflictToken: Uint8Array | undefined;
  const service = Object.create(workflowService, {
    describeSchedule: {
      value: async (request: Parameters<typeof workflowService.describeSchedule>[0]) => {
        const described = await workflowService.describeSchedule(request);
        conflictToken = described.conflictToken;
        return described;
      },
    },
    updateSchedule: {
      value: (request: Parameters<typeof workflowService.updateSchedule>[0]) =>
        workflowService.updateSchedule({ ...request, ...(conflictToken && { conflictToken }) }),
    },
  });
  return new ScheduleClient({
    ...schedule.options,
    connection: Object.create(connection, { workflowService: { value: service } }),
  });
}
