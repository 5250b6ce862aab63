import type { InvokeModelInput } from '../protocol/activities';
import type { ResolvedAgent } from '../protocol/agent';
import { HoldfastError } from '../protocol/failures';
import { type RunOptions, runOptionsSchema } from '../protocol/session';
import type { Catalogue } from './catalogue';

/** What a run is pinned to, and its options checked and with units settled. */
export interface FirstCall {
  agent: ResolvedAgent;
  options: RunOptions;
}

/**
 * Looks the agent of a new run up. Its options are checked here, whoever started it: Holdfast's client checks them before the
 * start, workflows and other clients do not.
 * @throws HoldfastError `Input.Invalid`, `Agent.Unknown`, or what the model's provider says of the route.
 */
export function resolveAgent(
  { agent, options: given }: Pick<InvokeModelInput, 'agent' | 'options'>,
  catalogue: Catalogue,
): FirstCall {
  const parsed = runOptionsSchema.safeParse(given ?? {});
  if (parsed.success) return { agent: catalogue.resolve(agent, parsed.data.model), options: parsed.data };
  const where = parsed.error.issues
    .map((issue) => `${issue.path.join('.') || '(options)'}: ${issue.message}`)
    .join('; ');
  throw new HoldfastError('Input.Invalid', where, { hint: 'See SessionOptions for what a run may be given.' });
}
