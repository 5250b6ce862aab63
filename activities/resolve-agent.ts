import type { InvokeModelInput } from '../protocol/activities';
import type { ResolvedAgent } from '../protocol/agent';
import { HoldfastError } from '../protocol/failures';
import { namesModel } from '../protocol/permissions/verdict';
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
 * @throws HoldfastError `Input.Invalid`, `Agent.Unknown`, `Permission.Denied` for a model the run may not use, or what the model's provider says of the route.
 */
export function resolveAgent(
  { agent, options: given, models = [] }: Pick<InvokeModelInput, 'agent' | 'options' | 'models'>,
  catalogue: Catalogue,
): FirstCall {
  const parsed = runOptionsSchema.safeParse(given ?? {});
  if (parsed.success) {
    const { model, output } = parsed.data;
    const resolved = catalogue.resolve(agent, model, output);
    const own = [resolved.permissions?.models, parsed.data.permissions?.models];
    checkModel(resolved, [...models, ...own.filter((list) => list !== undefined)]);
    return { agent: resolved, options: parsed.data };
  }
  const where = parsed.error.issues
    .map((issue) => `${issue.path.join('.') || '(options)'}: ${issue.message}`)
    .join('; ');
  throw new HoldfastError('Input.Invalid', where, { hint: 'See SessionOptions for what a run may be given.' });
}

function checkModel({ name, model }: ResolvedAgent, lists: readonly (readonly string[])[]): void {
  if (lists.every((list) => namesModel(list, model))) return;
  throw new HoldfastError('Permission.Denied', `the agent "${name}" may not use the model ${model} in this run`, {
    hint: 'The `permissions.models` of the worker, the agent and the run name those it may.',
  });
}
