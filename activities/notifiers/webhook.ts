import { createHmac } from 'node:crypto';
import { HoldfastError } from '../../protocol/failures';
import type { Notifier } from './notifier';

/** Where notices go, and how they are signed. */
export interface WebhookOptions {
  url: string;
  /** Signs every request: `Holdfast-Signature: t=<seconds>,v1=<hex HMAC-SHA-256 of "t.body">`. Default: unsigned. */
  key?: string;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds one request may take. Default 10,000. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/**
 * Posts each notice as JSON; anything but 2xx is tried again. `Holdfast-Delivery` is the same over all attempts.
 *
 * @example
 * ```ts
 * import { HoldfastPlugin, webhook } from 'holdfast/worker';
 *
 * const chat = webhook({ url: 'https://chat.example/hooks/approvals', key: process.env.WEBHOOK_KEY });
 * const plugin = new HoldfastPlugin({ notifiers: [chat] });
 * ```
 */
export function webhook({ url, key, headers = {}, timeoutMs = TIMEOUT_MS }: WebhookOptions): Notifier {
  return {
    name: `webhook ${new URL(url).host}`,
    async notify(notice, id, signal) {
      const body = JSON.stringify(notice);
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'holdfast-delivery': id,
          ...signed(body, key, Date.now()),
        },
        body,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      }).catch((cause) => {
        throw undelivered(url, cause instanceof Error ? cause.message : String(cause), cause);
      });
      await response.body?.cancel();
      if (!response.ok) throw undelivered(url, `it answered ${response.status}`);
    },
  };
}

function signed(body: string, key: string | undefined, now: number): Record<string, string> {
  if (key === undefined) return {};
  const time = Math.floor(now / 1_000);
  const mac = createHmac('sha256', key).update(`${time}.${body}`).digest('hex');
  return { 'holdfast-signature': `t=${time},v1=${mac}` };
}

/** The path may hold a secret of its own: only the host is named. */
function undelivered(url: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'Notice.Undelivered',
    `the webhook at ${new URL(url).host} did not take the notice: ${why}`,
    { cause },
  );
}
