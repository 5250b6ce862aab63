import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatHandle, HoldfastClient } from '../../../client';
import { AGENT } from './agents';
import type { Cluster } from './cluster';
import type { ScriptName } from './scripts';

export type RequestKind = 'simple' | 'steps' | 'chat' | 'query';

export interface Request {
  kind: RequestKind;
  id: string;
  at: number;
  /** Until the answer was there; undefined as long as it is not. */
  ms?: number;
  /** Whether the first try to hand it over was answered in time. */
  firstTry: boolean;
  /** What is wrong with the answer. */
  wrong?: string;
}

/** Later than this a request counts as not served, in ms; what it asked for is owed all the same. */
export const DEADLINE_MS: Record<RequestKind, number> = { simple: 10_000, steps: 20_000, chat: 20_000, query: 5_000 };
/** A client that was not answered by then tries again. */
const FIRST_TRY_MS = 5_000;

/** Requests that come at their own pace, whether those before them are done or not. */
export class Requests {
  readonly made: Request[] = [];
  private readonly open: Promise<void>[] = [];
  private readonly holdfast: HoldfastClient;
  private chats: ChatHandle[] = [];

  constructor(
    private readonly cluster: Cluster,
    queue: string,
    private readonly answers: Record<'simple' | 'steps', unknown>,
  ) {
    this.holdfast = new HoldfastClient(cluster.client, { taskQueue: queue, by: 'soak' });
  }

  /** Long-lived chats that messages are sent to. */
  async openChats(count: number): Promise<void> {
    this.chats = Array.from({ length: count }, (_, index) => this.holdfast.chat(AGENT, { id: `soak-chat-${index}` }));
    const hello = JSON.stringify({ script: 'chat', hashed: false });
    for (const chat of this.chats) await (await chat.send(hello, { id: 'm-0' })).reply();
  }

  /** One request every so many milliseconds, until then. */
  async arrive(everyMs: number, until: number, random: () => number): Promise<void> {
    const from = Date.now();
    for (let count = 0; from + count * everyMs < until; count++) {
      await sleep(Math.max(0, from + count * everyMs - Date.now()));
      this.open.push(this.make(kindOf(random()), count));
    }
  }

  /** Everything that was asked for is owed. */
  async answered(): Promise<void> {
    await Promise.all(this.open);
  }

  async closeChats(): Promise<void> {
    for (const chat of this.chats) await this.cluster.whenUp(() => chat.close());
  }

  private async make(kind: RequestKind, count: number): Promise<void> {
    const request: Request = { kind, id: `soak-${kind}-${count}`, at: Date.now(), firstTry: true };
    this.made.push(request);
    try {
      await this.serve(request, count);
      request.ms = Date.now() - request.at;
    } catch (error) {
      request.wrong = String(error);
    }
  }

  private async serve(request: Request, count: number): Promise<void> {
    const { kind, id } = request;
    const chat = this.chats[count % this.chats.length] as ChatHandle;
    if (kind === 'query') return void (await this.handOver(request, () => chat.state()));
    if (kind === 'chat') {
      const sent = await this.handOver(request, () => chat.send(id, { id }));
      const { output } = await this.cluster.whenUp(() => sent.reply());
      if (!String(output).startsWith(`heard ${id} `)) request.wrong = `answered ${JSON.stringify(output)}`;
      return;
    }
    const plan: { script: ScriptName; hashed: boolean } = { script: kind, hashed: false };
    await this.handOver(request, () => this.holdfast.start(AGENT, { id, input: plan }));
    const { output } = await this.cluster.result(id);
    if (output !== this.answers[kind]) request.wrong = `answered ${JSON.stringify(output)}`;
  }

  /** Tried again until it is taken, under the same id. */
  private async handOver<T>(request: Request, give: () => Promise<T>): Promise<T> {
    const taking = this.cluster.whenUp(() =>
      give().catch((error) => {
        request.firstTry = false;
        throw error;
      }),
    );
    const late = sleep(FIRST_TRY_MS, 'late' as const, { ref: false });
    if ((await Promise.race([taking, late])) === 'late') request.firstTry = false;
    return taking;
  }
}

function kindOf(dice: number): RequestKind {
  if (dice < 0.7) return 'simple';
  if (dice < 0.75) return 'steps';
  return dice < 0.95 ? 'chat' : 'query';
}
