import { defineTool, RetryLater } from 'holdfast';
import { z } from 'zod';

const ORDERS: Record<string, { sku: string; quantity: number; price: number }> = {
  'A-17': { sku: 'LAMP-2', quantity: 3, price: 12.5 },
};

/** Changes nothing: may be retried freely, and runs together with other calls. */
export const findOrder = defineTool({
  name: 'find_order',
  description: 'Finds an order by its id, e.g. "A-17". Gives the article (sku), the quantity and the price of one.',
  input: z.strictObject({ orderId: z.string().min(1) }),
  effect: 'read',
  quick: true,
  execute({ orderId }) {
    const order = ORDERS[orderId];
    // A thrown error is no crash: the model reads the message and can do something about it.
    if (!order) throw new Error(`there is no order ${orderId}; known: ${Object.keys(ORDERS).join(', ')}`);
    return { orderId, ...order };
  },
});

/** Stands for a service of yours that deduplicates by key, as payment services do. */
export const warehouse = { reservations: new Map<string, { sku: string; quantity: number }>(), attempts: 0 };

/** Changes something: every attempt of one call carries the same key, so that it takes effect once. */
export const reserveStock = defineTool({
  name: 'reserve_stock',
  description: 'Reserves a quantity of an article (sku) in the warehouse.',
  input: z.strictObject({ sku: z.string().min(1), quantity: z.number().int().positive() }),
  effect: 'idempotent',
  execute({ sku, quantity }, { idempotencyKey, attempt, log }) {
    warehouse.attempts += 1;
    warehouse.reservations.set(idempotencyKey, { sku, quantity });
    // The reservation is made, and then the answer is lost. Temporal calls again; the key makes it one reservation.
    if (attempt === 1) throw new RetryLater('the connection broke after the request was sent', { delayMs: 50 });
    log.info('reserved', { sku, quantity, attempt });
    return { reserved: true, sku, quantity };
  },
});
