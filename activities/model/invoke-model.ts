import { activityInfo, Context } from '@temporalio/activity';
import type { InvokeModelInput, InvokeModelResult, LeaseShort } from '../../protocol/activities';
import type { ResolvedAgent } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import { withHeartbeat } from '../heartbeat';
import { isLarge, offloadReply } from '../offload';
import type { ModelDelta, ModelReply } from '../providers/provider';
import { type FirstCall, resolveAgent } from '../resolve-agent';
import type { ActivityServices } from '../services';
import { newMark, scopedParts, sessionKey } from '../session-key';
import { pullFrom, sessionSource } from '../session-source';
import { toFailure } from '../to-failure';
import { askProvider, type CallLife } from './ask-provider';
import type { AttemptCosts } from './attempt-costs';
import { checkOutput } from './check-output';
import { type Standing, withFallbacks } from './fallbacks';
import { type FirstDeadline, firstDeadline } from './first-deadline';
import { costsOf, endUnpaid, payable, withLoss } from './payable';
import { runQuickCalls } from './quick-calls';
import { prepareRequest } from './request';
import { seenBy } from './seen-by';
import { answerMs, withinTime } from './time-limit';

/** Who answers in a dry run. */
const DRY_RUN_MODEL = 'simulated/rules';

/** One model call: pulls what this worker lacks of the transcript, fits it, asks, checks. Never retries: Temporal does. */
export function createInvokeModel(services: ActivityServices) {
  return async function invokeModel(input: InvokeModelInput): Promise<InvokeModelResult | LeaseShort> {
    let deadline: FirstDeadline | undefined;
    let costs: AttemptCosts | undefined;
    let asked: Pick<Standing, 'agent' | 'route'> = { agent: undefined, route: undefined };
    try {
      const pinned = input.revision === undefined ? resolveAgent(input, services.catalogue) : undefined;
      deadline = pinned && firstDeadline(pinned);
      const limitMs = Math.min(
        answerMs(activityInfo().startToCloseTimeoutMs),
        deadline?.leftMs() ?? Number.POSITIVE_INFINITY,
      );
      const call = pinned ? { ...input, ...settingsOf(pinned, input) } : input;
      costs = costsOf(call);
      const reply = await withHeartbeat(({ signal, tell }) =>
        withinTime(limitMs, signal, async (limited) => {
          const agent = pinned?.agent ?? (await pinnedAgent(input, services));
          const model = call.model ?? agent.model;
          asked = { agent, route: model };
          return callModel({ ...call, model }, agent, services, {
            signal: limited,
            tell,
            costs,
          });
        }),
      );
      return pinned && !('short' in reply) ? { agent: pinned.agent, ...reply } : reply;
    } catch (error) {
      endUnpaid(costs);
      const { cancellationSignal } = Context.current();
      if (cancellationSignal.aborted) throw withLoss(cancellationSignal.reason, costs);
      const cause = deadline?.passed() ? deadline.failure(error) : error;
      const { attempt } = activityInfo();
      const failure = toFailure(cause, attempt, Math.random, deadline?.leftMs());
      throw withLoss(withFallbacks(failure, { ...asked, attempt, input }), costs);
    }
  };
}

/** What the workflow would say of a pinned run: it does not know the agent's own settings yet. */
function settingsOf(
  { agent, options }: FirstCall,
  { leased, spentUsd, dryRun }: InvokeModelInput,
): Partial<InvokeModelInput> {
  const { costUsd: budgetUsd } = { ...agent.limits, ...options.limits };
  const { parameters, mounts, variables } = options;
  return {
    model: agent.model,
    // The run has not said what it spends from: it is the agent's own account, of which nothing is leased yet.
    ...(leased === undefined && agent.account !== undefined && !dryRun && { leased: 0 }),
    ...(budgetUsd !== undefined && { budgetUsd: budgetUsd - (spentUsd ?? 0) }),
    ...(parameters && { parameters }),
    ...(mounts && { mounts }),
    ...(variables && { variables }),
  };
}

type PinnedInput = InvokeModelInput & { model: string };

async function callModel(
  input: PinnedInput,
  agent: ResolvedAgent,
  services: ActivityServices,
  life: CallLife,
): Promise<InvokeModelResult | LeaseShort> {
  const { signal, costs } = life;
  const started = performance.now();
  const { attempt, scheduledTimestampMs } = activityInfo();
  const key = sessionKey(input.transcript.firstRunId);
  const parts = scopedParts(services.artifacts, key);
  const loaded = await services.transcripts.load(key, wantedOf(input, agent), pullFrom(services, key));
  const route = services.providerFor(input.dryRun ? DRY_RUN_MODEL : input.model);
  const quickResults = await runQuickCalls(input, agent, loaded.messages, services, signal);
  // What is counted must be what is sent: large parts are loaded before the request is fitted.
  const seen = await seenBy(
    { ...loaded, messages: [...loaded.messages, ...quickResults] },
    { input, agent, route, parts },
  );
  const { request, fitted, summaryDueAfter } = await prepareRequest(input, agent, seen, route);
  const paid = payable(request, {
    ...input,
    route: input.model,
    tokens: fitted.tokens,
    prices: services.prices,
    costs,
  });
  if ('short' in paid)
    return { short: { ...paid.short, ...(agent.account !== undefined && { account: agent.account }) } };
  const { affordable, lostUsd, worst } = paid;

  const position = input.transcript.length + quickResults.length;
  const stream = services.streams.begin(key, { turn: input.turn, position, call: scheduledTimestampMs, attempt });
  const asking = {
    provider: route.provider,
    route: input.model,
    turn: input.turn,
    ...life,
    onDelta: (delta: ModelDelta) => stream.delta(delta),
  };
  const { reply, costUsd: paidUsd } = await askProvider(affordable, asking, services).catch((error) => {
    stream.end(false);
    throw withContextSize(error, fitted.tokens);
  });
  stream.end(true);
  const costUsd = input.dryRun ? services.prices.costUsd(input.model, reply.usage) : paidUsd;
  const message = { ...(await offloadReply(reply.message, parts)), mark: newMark() };
  services.transcripts.keep(key, message);
  return {
    ...(quickResults.length > 0 && { quickResults }),
    message,
    finish: reply.finish,
    usage: reply.usage,
    costUsd,
    ...(lostUsd > 0 && { lostUsd }),
    ...(worst !== undefined && { worst }),
    model: reply.model,
    simulated: route.provider.simulated ?? false,
    contextFrom: fitted.contextFrom,
    ...((await summaryDueAfter(reply.message)) && { summaryDue: true as const }),
    ...outputOf(agent, reply),
    ...(reply.requestId !== undefined && { requestId: reply.requestId }),
    latencyMs: Math.round(performance.now() - started),
  };
}

export function wantedOf(
  { transcript, contextFrom }: Pick<InvokeModelInput, 'transcript' | 'contextFrom'>,
  agent: ResolvedAgent,
) {
  return { pointer: transcript, contextFrom, keepFirst: agent.context.keepFirst };
}

/** A run keeps the revision it started with: when this worker's catalogue has moved on, the workflow is asked. */
export async function pinnedAgent(
  { agent: name, model, revision = '' }: Pick<InvokeModelInput, 'agent' | 'model' | 'revision'>,
  { catalogue }: ActivityServices,
): Promise<ResolvedAgent> {
  const own = model === undefined ? undefined : catalogue.find(name, model);
  if (own?.revision === revision) return own;
  const known =
    catalogue.pinned(revision) ?? (await sessionSource().agent(activityInfo().workflowExecution?.runId ?? ''));
  if (known?.revision !== revision) {
    throw new HoldfastError('Transcript.Missing', `the session did not give its agent at revision ${revision}`);
  }
  catalogue.pin(known);
  return known;
}

/** What the vendor called too long, by our own count: the workflow asks for less, and must know less than what. */
function withContextSize(error: unknown, contextTokens: number): unknown {
  if (!HoldfastError.is(error) || error.code !== 'Model.ContextTooLong') return error;
  const { code, message, hint, details } = error;
  return new HoldfastError(code, message, { hint, cause: error, details: { ...details, contextTokens } });
}

/** A final answer is checked where the agent has an output schema; a reply that calls tools is not one. */
function outputOf(agent: ResolvedAgent, { message, finish }: ModelReply): Pick<InvokeModelResult, 'output'> {
  if (!agent.output || finish !== 'end' || message.content.some((part) => part.type === 'tool-call')) return {};
  const text = message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const output = checkOutput(agent.output, text);
  // A large answer is in the history once at most: as the artifact its message refers to.
  return { output: output.ok && isLarge(output.value) ? { ok: true } : output };
}
