import { randomUUID } from 'node:crypto';
import type { Client, ScheduleHandle } from '@temporalio/client';
import { HoldfastError } from '../protocol/failures';
import { filterText } from '../protocol/list-filter';
import { SEARCH_ATTRIBUTE } from '../protocol/names';
import type { Overlap, SchedulePolicyInput, ScheduleTimesInput } from '../protocol/schedule';
import { toClientError } from './errors';
import {
  type AgentAction,
  actionOf,
  attributesOf,
  type ScheduleActionInput,
  type WorkflowAction,
} from './schedule/action';
import { type Changes, changedSchedule } from './schedule/changed';
import {
  checkPeriod,
  checkPolicy,
  checkReason,
  checkRest,
  checkScheduleId,
  checkTimes,
  partsOf,
} from './schedule/checks';
import {
  CREATOR_MEMO,
  descriptionOf,
  type ScheduleDescription,
  type ScheduleSummary,
  summaryOfSchedule,
} from './schedule/description';
import { annotate, replaceSchedule } from './schedule/edit';
import { toOverlap, toPolicies, toSpec } from './schedule/spec';
import { type Triggered, triggerSchedule } from './schedule/trigger';

/** When it starts something, and what happens when a start is late or the run before it still goes on. */
export interface ScheduleOptions extends ScheduleTimesInput, SchedulePolicyInput {
  /** Made, but starts nothing until it is resumed. Default false. */
  paused?: boolean;
  /** What it is for; the first note. */
  note?: string;
  /** Kept with the schedule and shown; must be JSON. */
  memo?: Record<string, unknown>;
}

/** Parts of a schedule that change; what is left out stays, null takes away. Limits and parameters change one by one. */
export type ScheduleChanges = Changes<ScheduleTimesInput> &
  Changes<SchedulePolicyInput> &
  Changes<AgentAction> &
  Changes<WorkflowAction> & { paused?: boolean | undefined };

/** How a start by hand gets along with runs that go on, and why it is made. */
export interface TriggerOptions {
  /** Default: the schedule's own. With `allow-all` it starts whatever runs, and a failure does not pause the schedule. */
  overlap?: Overlap;
  reason?: string;
}

/** The time whose starts are made up for. */
export interface BackfillOptions {
  /** A `Date`, or ISO 8601 text with its offset; included. */
  from: Date | string;
  to: Date | string;
  /** Default `buffer-all`: one run after the other. With `skip`, most are left out while the first one runs. */
  overlap?: Overlap;
  reason?: string;
}

/**
 * Recurring runs, kept and started by the Temporal server: no process of ours needs to be there when they are due. Each run is
 * like one that `HoldfastClient.start` made; its id is the schedule's with the time, `nightly-2026-11-21T02:00:00Z`. What is
 * done to a schedule, by whom, when and why, is its note; of a paused one the note stays what says why it is paused.
 *
 * @example
 * ```ts
 * await holdfast.schedules.create(
 *   'nightly',
 *   { agent: 'reporter', input: 'Report on the folder notes', budgetUsd: 2 },
 *   { cron: '0 2 * * *', timeZone: 'Europe/Berlin', overlap: 'buffer-one', pauseOnFailure: true },
 * );
 * const { next } = await holdfast.schedules.describe('nightly');
 * await holdfast.schedules.pause('nightly', 'the disk is full');
 * ```
 */
export class Schedules {
  constructor(
    private readonly client: Client,
    private readonly options: { taskQueue: string; by: string },
  ) {}

  /**
   * Makes a schedule. Its action is checked now; whether the agent exists is seen by the first run.
   * @throws HoldfastError `Input.*` for what cannot be scheduled, `Schedule.Exists`, `Server.*`.
   */
  async create(id: string, action: ScheduleActionInput, options: ScheduleOptions): Promise<ScheduleDescription> {
    const { times, policy, rest } = partsOf(options);
    const { paused = false, note, memo = {} } = checkRest(rest);
    const spec = toSpec(checkTimes(times));
    const { remainingRuns, ...policies } = checkPolicy(policy);
    const start = actionOf(checkScheduleId(id), action, this.options.taskQueue);
    const said = this.note('created', note);
    return this.ask(id, async () => {
      await this.client.schedule.create({
        scheduleId: id,
        spec,
        action: start,
        policies: toPolicies(policies),
        state: { paused, note: said, ...(remainingRuns !== undefined && { remainingActions: remainingRuns }) },
        memo: { ...memo, [CREATOR_MEMO]: this.options.by },
        typedSearchAttributes: attributesOf(start),
      });
      return this.described(id);
    });
  }

  /** Schedules of this namespace, those of users' own workflows too. `query` is a Temporal list filter. */
  async *list({ agent, query }: { agent?: string; query?: string } = {}): AsyncGenerator<ScheduleSummary> {
    const ofAgent = agent !== undefined && `${SEARCH_ATTRIBUTE.agent.name} = ${filterText(agent)}`;
    const filter = [ofAgent, query !== undefined && `(${query})`].filter(Boolean).join(' AND ');
    try {
      const found = this.client.schedule.list({ pageSize: 100, ...(filter && { query: filter }) });
      for await (const schedule of found) yield summaryOfSchedule(schedule);
    } catch (error) {
      throw toClientError(error, 'list');
    }
  }

  /**
   * What it starts and when, its next and latest runs, and who did what to it last.
   * @throws HoldfastError `Schedule.Unknown`, `Server.*`.
   */
  describe(id: string): Promise<ScheduleDescription> {
    return this.ask(id, () => this.described(id));
  }

  /** Starts nothing by itself until it is resumed; runs that go on are left alone. Times that pass are not caught up on. */
  pause(id: string, reason?: string): Promise<void> {
    const note = this.note('paused', reason);
    return this.ask(id, () => this.handle(id).pause(note));
  }

  /** Starts again when it is due; times that passed meanwhile are left out. @throws as `describe`. */
  resume(id: string, reason?: string): Promise<void> {
    const note = this.note('resumed', reason);
    return this.ask(id, () => this.handle(id).unpause(note));
  }

  /** Starts a run now, also of a paused schedule or one that has no runs left, and looks for a moment what comes of it. */
  trigger(id: string, { overlap, reason }: TriggerOptions = {}): Promise<Triggered> {
    const note = this.note('triggered', reason);
    checkPolicy({ overlap });
    return this.ask(id, async () => {
      const triggered = await triggerSchedule(this.handle(id), overlap);
      await annotate(this.client, id, note);
      return triggered;
    });
  }

  /** Starts the runs of a time that has passed, now. Several starts of one moment are one. */
  backfill(id: string, { from, to, overlap = 'buffer-all', reason }: BackfillOptions): Promise<void> {
    const note = this.note('backfilled', reason);
    const { start, end } = checkPeriod(from, to);
    checkPolicy({ overlap });
    return this.ask(id, async () => {
      await this.handle(id).backfill({ start, end, overlap: toOverlap(overlap) });
      await annotate(this.client, id, note);
    });
  }

  /**
   * Changes parts of a schedule and keeps the rest; runs that go on stay as they are. A new cron, interval or calendar replaces
   * all of the old ones. Of two edits at once both are made, one after the other.
   * @throws HoldfastError `Input.*`, `Schedule.Unknown`, `Schedule.Conflict`, `Server.*`.
   */
  async update(id: string, changes: ScheduleChanges, reason?: string): Promise<ScheduleDescription> {
    // Two edits of one person in one moment must not be taken for each other.
    const note = this.note(`edited (${randomUUID().slice(0, 6)})`, reason);
    return this.ask(id, async () => {
      await replaceSchedule(this.client, checkScheduleId(id), note, (current) => changedSchedule(current, changes));
      return this.described(id);
    });
  }

  /** Starts nothing any more and is forgotten; runs that go on are left alone. */
  delete(id: string): Promise<void> {
    return this.ask(id, () => this.handle(id).delete());
  }

  private handle(id: string): ScheduleHandle {
    return this.client.schedule.getHandle(checkScheduleId(id));
  }

  private async described(id: string): Promise<ScheduleDescription> {
    return descriptionOf(this.client, await this.handle(id).describe());
  }

  private note(done: string, reason: string | undefined): string {
    const why = checkReason(reason);
    return `${done} by ${this.options.by}, ${new Date().toISOString()}${why ? `: ${why}` : ''}`;
  }

  private async ask<T>(id: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw toScheduleError(error, id);
    }
  }
}

/** Checks of ours leave the server with little to refuse: names of time zones it does not have, for one. */
function toScheduleError(error: unknown, id: string): Error {
  if (error instanceof TypeError && /time ?zone|calendar|interval|CronString/i.test(error.message)) {
    return new HoldfastError('Input.Invalid', error.message, { hint: 'The server refuses these times.', cause: error });
  }
  return toClientError(error, id);
}
