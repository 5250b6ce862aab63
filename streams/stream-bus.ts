/**
 * Carries short texts, at best effort, from workers to whoever follows a run, and back. Nothing is kept: what nobody listens to
 * is gone, and a slow listener loses some. What a worker publishes reaches every listener, and what a follower publishes reaches
 * every worker; whether two followers hear each other is up to the adapter.
 */
export interface StreamBus {
  /** Never throws and never waits: what cannot be sent now may be dropped. The payload is text without NUL. */
  publish(topic: string, payload: string): void;

  /**
   * Resolves once everything published from then on is heard, as far as publishers can be reached. `onReconnect` is called when
   * a publisher appeared or a lost connection is back: something may have been missed. The result ends the subscription.
   */
  subscribe(topic: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<Unsubscribe>;

  /** Ends all subscriptions and connections; what is published afterwards is dropped. */
  close(): Promise<void>;
}

export type Unsubscribe = () => Promise<void>;

/** Told of what goes wrong with a bus, which nobody has to wait for. */
export type OnTrouble = (error: Error) => void;

/** The default: one warning of the process for each kind of trouble. */
export function warnOnce(): OnTrouble {
  const told = new Set<string>();
  return ({ message }) => {
    if (told.has(message)) return;
    told.add(message);
    process.emitWarning(`model output is not streamed: ${message}`, { code: 'HOLDFAST_STREAMS' });
  };
}
