import type { RunToolInput } from '../protocol/activities';
import type { DoneEffect } from '../protocol/compensation';
import type { ArtifactRef, ToolMessage, ToolOutcome } from '../protocol/messages';
import type { EffectsState } from '../protocol/session';
import type { ToolSpec } from '../protocol/tool';

/** Characters of effects that are carried as they are; what is more goes into artifacts. */
const MOST_CARRIED = 48_000;

/** What nobody can tell from: it may have taken effect. A `once` tool that was cut off was asked what came of it. */
const DOUBTFUL: readonly ToolOutcome[] = ['outcome-unknown', 'timed-out'];

/** What a run did outside, in the order in which it was done: what may have to be undone. */
export class DoneEffects {
  private done: DoneEffect[];
  private readonly archived: ArtifactRef[];
  private all: number;

  constructor({ done = [], archived = [], count = 0 }: Partial<EffectsState> = {}) {
    this.done = [...done];
    this.archived = [...archived];
    this.all = count;
  }

  get count(): number {
    return this.all;
  }

  /** @param key what it took effect under. */
  note(spec: ToolSpec, input: RunToolInput, message: ToolMessage, key: string): void {
    const doubtful =
      DOUBTFUL.includes(message.outcome) || (message.outcome === 'cancelled' && spec.effect === 'idempotent');
    if (!canMatter(spec) || (message.outcome !== 'ok' && !doubtful)) return;
    const { turn, callId, arguments: args, artifact } = input;
    const { content, mediaType, artifact: whole } = message;
    this.all++;
    this.done.push({
      tool: spec.name,
      turn,
      callId,
      idempotencyKey: key,
      ...(artifact ? { artifact } : { arguments: args }),
      ...(!doubtful && { result: { content, mediaType, ...(whole && { artifact: whole }) } }),
    });
  }

  /** Puts away what is too much to be carried. */
  async fit(keep: (effects: DoneEffect[]) => Promise<ArtifactRef>): Promise<void> {
    while (sizeOf(this.done) > MOST_CARRIED) {
      const some = firstOf(this.done);
      this.archived.push(await keep(some));
      this.done = this.done.slice(some.length);
    }
  }

  get state(): EffectsState {
    const { done, archived, all: count } = this;
    return { done, count, ...(archived.length > 0 && { archived }) };
  }
}

/** What can be undone, and what people should know of that cannot. */
export function canMatter({ effect, undoes, runsIn }: ToolSpec): boolean {
  return runsIn === 'activity' && (effect === 'once' || (effect === 'idempotent' && undoes === true));
}

/** As many from the beginning as fit into one piece; at least one. */
function firstOf(effects: readonly DoneEffect[]): DoneEffect[] {
  const some: DoneEffect[] = [];
  let size = 0;
  for (const effect of effects) {
    size += sizeOf(effect);
    if (some.length > 0 && size > MOST_CARRIED) break;
    some.push(effect);
  }
  return some;
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value).length;
}
