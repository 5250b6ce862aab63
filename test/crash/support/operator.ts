import type { ChatHandle } from '../../../client';
import type { ControlAction } from '../../../protocol/control';
import { HoldfastError } from '../../../protocol/failures';
import type { Up } from './chat-lane';

/** What guidance begins with, so that it is not taken for a message. */
export const GUIDANCE = 'psst';
/** The state shows the latest actions only. */
const SHOWN_ACTIONS = 20;
/** Part of the orders that are given again although they were answered. */
const AGAIN = 0.3;

export interface OrderCounts {
  taken: number;
  /** Given again, under the same id, after they had been answered. */
  again: number;
  /** Not legal at that moment: guidance for a chat that waits. */
  refused: number;
}

/** Who pauses, resumes and steers a chat, each order under an id, given until there is an answer. Each counts exactly once. */
export class Operator {
  readonly counts: OrderCounts = { taken: 0, again: 0, refused: 0 };
  /** What was answered, in order. */
  private readonly taken: { id: string; action: string }[] = [];
  private given = 0;

  constructor(
    private readonly chat: ChatHandle,
    private readonly up: Up,
    private readonly random: () => number,
  ) {}

  async meddle(): Promise<void> {
    if (this.random() < 0.5) {
      const id = this.next('steer');
      return this.order('steer', id, () => this.chat.steer(`${GUIDANCE} ${id}`, id, { id }));
    }
    const pause = this.next('pause');
    const resume = this.next('resume');
    await this.order('pause', pause, () => this.chat.pause(pause, { id: pause }));
    await this.order('resume', resume, () => this.chat.resume(resume, { id: resume }));
    // A pause that is heard of late must not hold the chat again.
    if (this.random() < AGAIN) await this.again(() => this.chat.pause(pause, { id: pause }));
  }

  /** How the chat's transcript and its list of actions differ from what was answered. */
  discrepancies(guidance: readonly string[], actions: readonly ControlAction[]): string[] {
    const steered = this.taken.filter(({ action }) => action === 'steer').map(({ id }) => `${GUIDANCE} ${id}`);
    const listed = actions.filter(({ action }) => action !== 'close').map(({ reason = '' }) => reason);
    const ids = this.taken.map(({ id }) => id);
    const ordered = actions.length < SHOWN_ACTIONS ? ids : ids.slice(-listed.length);
    return [
      ...(same(guidance, steered) ? [] : [`guidance ${guidance.join(', ')} instead of ${steered.join(', ')}`]),
      ...(same(listed, ordered) ? [] : [`actions ${listed.join(', ')} instead of ${ordered.join(', ')}`]),
    ];
  }

  private next(action: string): string {
    this.given += 1;
    return `${action}-${this.given}`;
  }

  private async order(action: string, id: string, give: () => Promise<void>): Promise<void> {
    const refused = await this.up(() => give().then(() => false, refusedIn(action)));
    this.counts[refused ? 'refused' : 'taken'] += 1;
    if (refused) return;
    this.taken.push({ id, action });
    if (this.random() < AGAIN) await this.again(give);
  }

  private async again(give: () => Promise<void>): Promise<void> {
    this.counts.again += 1;
    await this.up(give);
  }
}

/** Only guidance may come at the wrong moment: nobody else gives orders here. */
function refusedIn(action: string): (error: unknown) => boolean {
  return (error) => {
    if (action === 'steer' && HoldfastError.is(error) && error.code === 'Control.Illegal') return true;
    throw error;
  };
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
