import type { Unsubscribe } from './stream-bus';

interface Listener {
  onPayload: (payload: string) => void;
  onReconnect: (() => void) | undefined;
}

/** Who of this process listens to what; the part that all buses have in common. */
export class Subscriptions {
  private readonly listeners = new Map<string, Set<Listener>>();

  get topics(): string[] {
    return [...this.listeners.keys()];
  }

  has(topic: string): boolean {
    return this.listeners.has(topic);
  }

  /** The result removes it and says whether nobody is left on the topic; a second call does nothing. */
  add(topic: string, onPayload: Listener['onPayload'], onReconnect?: () => void): () => boolean {
    const listener = { onPayload, onReconnect };
    const all = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, all.add(listener));
    return () => {
      if (!all.delete(listener) || all.size > 0) return false;
      return this.listeners.get(topic) === all && this.listeners.delete(topic);
    };
  }

  deliver(topic: string, payload: string): void {
    for (const { onPayload } of [...(this.listeners.get(topic) ?? [])]) guarded(() => onPayload(payload));
  }

  reconnected(): void {
    for (const all of [...this.listeners.values()]) {
      for (const { onReconnect } of [...all]) if (onReconnect) guarded(onReconnect);
    }
  }

  clear(): void {
    this.listeners.clear();
  }
}

/** A listener that throws is a bug of its own; the others are told all the same. */
function guarded(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    process.emitWarning(`a listener of a stream threw: ${(error as Error)?.stack ?? error}`);
  }
}

export const nothingToEnd: Unsubscribe = async () => undefined;
