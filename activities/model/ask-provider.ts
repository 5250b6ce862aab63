import { activityInfo } from '@temporalio/activity';
import { rootIdOf } from '../../protocol/names';
import type { ModelDelta, ModelProvider, ModelReply, ModelRequest } from '../providers/provider';
import type { ActivityServices } from '../services';
import type { AttemptCosts } from './attempt-costs';

/** What a call needs of its activity. */
export interface CallLife {
  signal: AbortSignal;
  tell: (details: unknown) => void;
  costs: AttemptCosts | undefined;
}

export interface Asking extends CallLife {
  provider: ModelProvider;
  /** `provider/model`, which the price goes by. */
  route: string;
  turn: number;
  /** Told what arrives, as it arrives, without secrets. */
  onDelta?: (delta: ModelDelta) => void;
}

/**
 * The one way to a provider: no secret goes out with a request or comes back with a reply, and what the call may cost is in a
 * heartbeat before it is sent, and counted however it ends.
 * @returns the reply, and its cost: null when the model's price is unknown.
 */
export async function askProvider(
  request: ModelRequest,
  { provider, route, turn, signal, tell, costs, onDelta }: Asking,
  { prices, secrets: { redactor } }: Pick<ActivityServices, 'prices' | 'secrets'>,
): Promise<{ reply: ModelReply; costUsd: number | null }> {
  const held = { text: redactor.pieces(), reasoning: redactor.pieces() };
  const paid = () => (costs ? { paid: costs.paid } : {});
  let received = false;
  let chars = 0;
  await provider.prepare?.();
  if (costs) tell({ turn, ...paid() });
  const reply = await provider
    .complete(redactor.value(request), {
      signal,
      correlationId: rootIdOf(activityInfo().workflowExecution?.workflowId ?? ''),
      onDelta: (delta) => {
        received = true;
        if ('text' in delta) chars += delta.text.length;
        tell({ turn, receivedChars: chars, ...paid() });
        onDelta?.('text' in delta ? { ...delta, text: held[delta.type].push(delta.text) } : delta);
      },
    })
    .catch((error) => {
      costs?.failed(error, received);
      throw error;
    });
  for (const type of ['text', 'reasoning'] as const) {
    const text = held[type].end();
    if (text !== '') onDelta?.({ type, text });
  }
  const costUsd = provider.simulated ? 0 : prices.costUsd(route, reply.usage);
  if (costUsd !== null) costs?.answered(costUsd);
  return { reply: { ...reply, message: redactor.value(reply.message) }, costUsd };
}
