import { idempotencyKeyOf, type RunToolInput } from '../protocol/activities';
import type { ResolvedAgent } from '../protocol/agent';
import type { ToolCallPart, ToolMessage, ToolOutcome } from '../protocol/messages';
import type { ToolSpec } from '../protocol/tool';

/** Runs one call that passed all checks; resolves with a result whatever happens, rejects only on cancellation or a bug. */
export type RunCall = (spec: ToolSpec, call: ToolCallPart) => Promise<ToolMessage>;

/**
 * Runs the tool calls of one reply: independent ones together up to `cap`, exclusive ones alone and in their place.
 * Results come back in call order, one for each call.
 */
export async function runCalls(calls: ToolCallPart[], agent: ResolvedAgent, run: RunCall): Promise<ToolMessage[]> {
  const results: ToolMessage[] = [];
  for (const batch of batchesOf(calls, agent)) {
    const [only] = batch;
    if (only && batch.length === 1) results.push(await runOne(only, agent, run));
    else results.push(...(await runTogether(batch, agent, run)));
  }
  return results;
}

/** Consecutive calls that may run together; an exclusive call is a batch of its own. */
function batchesOf(calls: ToolCallPart[], agent: ResolvedAgent): ToolCallPart[][] {
  const batches: ToolCallPart[][] = [];
  let open: ToolCallPart[] | undefined;
  for (const call of calls) {
    if (specOf(agent, call.name)?.exclusive) {
      batches.push([call]);
      open = undefined;
    } else if (open) {
      open.push(call);
    } else {
      open = [call];
      batches.push(open);
    }
  }
  return batches;
}

async function runTogether(batch: ToolCallPart[], agent: ResolvedAgent, run: RunCall): Promise<ToolMessage[]> {
  const results = new Array<ToolMessage>(batch.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < batch.length; at = next++) {
      const call = batch[at] as ToolCallPart;
      results[at] = await runOne(call, agent, run);
    }
  };
  await Promise.all(Array.from({ length: Math.min(agent.parallelToolCalls, batch.length) }, lane));
  return results;
}

/** Unknown tools and malformed arguments are answered at once: the model is told, nothing runs. */
function runOne(call: ToolCallPart, agent: ResolvedAgent, run: RunCall): Promise<ToolMessage> | ToolMessage {
  const spec = specOf(agent, call.name);
  if (spec === undefined) {
    const known = agent.tools.map((tool) => tool.name).join(', ') || 'none';
    return answered(
      call,
      'unknown-tool',
      `There is no tool "${call.name.slice(0, 100)}". Tools you may use: ${known}.`,
    );
  }
  if (call.malformed !== undefined) {
    return answered(
      call,
      'invalid-arguments',
      'The arguments were not valid JSON. Nothing was run; call again with a JSON object.',
    );
  }
  return run(spec, call);
}

export function specOf(agent: ResolvedAgent, name: string): ToolSpec | undefined {
  return agent.tools.find((tool) => tool.name === name);
}

/** A result the workflow itself gives. */
export function answered(
  { id: callId, name }: Pick<ToolCallPart, 'id' | 'name'>,
  outcome: ToolOutcome,
  content: string,
): ToolMessage {
  return { role: 'tool', callId, name, outcome, content, mediaType: 'text/plain' };
}

/** What a tool activity is given. */
export function toolInput(
  call: ToolCallPart,
  session: Pick<RunToolInput, 'agent' | 'firstRunId' | 'turn' | 'mounts'>,
): RunToolInput {
  const { id, name, arguments: args, artifact } = call;
  return {
    ...session,
    callId: id,
    name,
    ...(artifact ? { artifact } : { arguments: args }),
    idempotencyKey: idempotencyKeyOf(session.firstRunId, session.turn, id),
  };
}

/** Results that share the event of one model call. */
const MAX_RIDING = 16;

/** Whether calls can ride along with the next model call: few, all of them quick reads with arguments to run on. */
export function canRideAlong(calls: ToolCallPart[], agent: ResolvedAgent): boolean {
  if (calls.length > MAX_RIDING) return false;
  return calls.every(({ name, malformed }) => malformed === undefined && isQuickRead(specOf(agent, name)));
}

function isQuickRead(spec: ToolSpec | undefined): boolean {
  return (
    spec?.quick === true && !spec.priceUsd && spec.effect === 'read' && spec.runsIn === 'activity' && !spec.exclusive
  );
}
