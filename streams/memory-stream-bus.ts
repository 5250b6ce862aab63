import type { StreamBus, Unsubscribe } from './stream-bus';
import { nothingToEnd, Subscriptions } from './subscriptions';

/**
 * Followers and workers in one process; all of them share this object.
 *
 * @example
 * ```ts
 * import { HoldfastClient } from 'holdfast/client';
 * import { HoldfastPlugin, MemoryStreamBus } from 'holdfast/worker';
 *
 * const streams = new MemoryStreamBus();
 * const plugin = new HoldfastPlugin({ streams });
 * const holdfast = new HoldfastClient(temporalClient, { streams });
 * ```
 */
export class MemoryStreamBus implements StreamBus {
  private readonly subscriptions = new Subscriptions();
  private closed = false;

  publish(topic: string, payload: string): void {
    // Whoever publishes is done before anybody hears of it: a model call is not held up by its readers.
    if (!this.closed && this.subscriptions.has(topic)) {
      setImmediate(() => this.subscriptions.deliver(topic, payload));
    }
  }

  async subscribe(topic: string, onPayload: (payload: string) => void): Promise<Unsubscribe> {
    if (this.closed) return nothingToEnd;
    const remove = this.subscriptions.add(topic, onPayload);
    return async () => void remove();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.subscriptions.clear();
  }
}
