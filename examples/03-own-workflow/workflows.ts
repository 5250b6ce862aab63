import { callTool, parallel, runAgent } from 'holdfast/workflow';

export interface Position {
  article: string;
  quantity: number;
  price: number;
}

export interface Invoice {
  lines: string[];
  total: number;
}

/**
 * An invoice: one agent run a position, all at once, then a tool for the sum. A plain Temporal workflow: it may use signals,
 * timers, activities and child workflows as any other, and an agent is one more thing it can wait for.
 */
export async function invoice(positions: Position[]): Promise<Invoice> {
  const lines = await parallel(
    positions.map(
      ({ article, quantity, price }) =>
        () =>
          runAgent('cashier', { id: article, input: `${article}: what is ${quantity} * ${price}?` }),
    ),
    { limit: 10 },
  );
  const expression = positions.map(({ quantity, price }) => `${quantity} * ${price}`).join(' + ');
  const { result } = await callTool<{ result: string }>('calculator', { expression });
  return { lines, total: Number(result) };
}
