import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { InvokeModelInput, InvokeModelResult, LeaseShort } from '../../protocol/activities';
import type { ResolvedAgent } from '../../protocol/agent';
import { toMicros, toUsd } from '../../protocol/budget/money';
import { HoldfastError } from '../../protocol/failures';
import { rootIdOf } from '../../protocol/names';
import { withHeartbeat } from '../heartbeat';
import { isLarge, loadParts, offloadReply } from '../offload';
import type { ModelReply, ModelRequest } from '../providers/provider';
import { type FirstCall, resolveAgent } from '../resolve-agent';
import type { ActivityServices } from '../services';
import { newMark, scopedParts, sessionKey } from '../session-key';
import { pullFrom, sessionSource } from '../session-source';
import { toFailure } from '../to-failure';
import { AttemptCosts } from './attempt-costs';
import { checkOutput } from './check-output';
import { type FirstDeadline, firstDeadline } from './first-deadline';
import { runQuickCalls } from './quick-calls';
import { prepareRequest, withinBudget, worstCaseOf } from './request';
import { answerMs, withinTime } from './time-limit';

/** One model call: pulls what this worker lacks of the transcript, fits it, asks, checks. Never retries: Temporal does. */
export function createInvokeModel(services: ActivityServices) {
  return async function invokeModel(input: InvokeModelInput): Promise<InvokeModelResult | LeaseShort> {
    let deadline: FirstDeadline | undefined;
    let costs: AttemptCosts | undefined;
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
          return callModel({ ...call, model: call.model ?? agent.model }, agent, services, {
            signal: limited,
            tell,
            costs,
          });
        }),
      );
      return pinned && !('short' in reply) ? { agent: pinned.agent, ...reply } : reply;
    } catch (error) {
      costs?.end();
      if (costs) Context.current().heartbeat({ paid: costs.paid });
      const { cancellationSignal } = Context.current();
      if (cancellationSignal.aborted) throw withLoss(cancellationSignal.reason, costs);
      const cause = deadline?.passed() ? deadline.failure(error) : error;
      throw withLoss(toFailure(cause, activityInfo().attempt, Math.random, deadline?.leftMs()), costs);
    }
  };
}

/** Where money is limited, what lost attempts may have cost is counted. */
function costsOf({ budgetUsd, leased }: InvokeModelInput): AttemptCosts | undefined {
  if (budgetUsd === undefined && leased === undefined) return undefined;
  const { attempt, heartbeatDetails } = activityInfo();
  return new AttemptCosts(attempt, heartbeatDetails);
}

/** A call that ends for good without a result says what it may have cost. */
function withLoss(error: unknown, costs: AttemptCosts | undefined): unknown {
  const lostUsd = costs?.lostUsd;
  if (lostUsd === undefined) return error;
  if (error instanceof CancelledFailure) return new CancelledFailure(error.message, [{ lostUsd }]);
  if (!(error instanceof ApplicationFailure)) return error;
  const [first, ...rest] = error.details ?? [];
  const { message, type, nonRetryable, nextRetryDelay, cause } = error;
  return ApplicationFailure.create({
    message,
    details: [{ ...(first as object | undefined), lostUsd }, ...rest],
    ...(type != null && { type }),
    ...(nonRetryable != null && { nonRetryable }),
    ...(nextRetryDelay != null && { nextRetryDelay }),
    ...(cause && { cause }),
  });
}

/** What the workflow would say of a pinned run: it does not know the agent's own settings yet. */
function settingsOf({ agent, options }: FirstCall, { leased, spentUsd }: InvokeModelInput): Partial<InvokeModelInput> {
  const { costUsd: budgetUsd } = { ...agent.limits, ...options.limits };
  const { parameters, mounts } = options;
  return {
    model: agent.model,
    // The run has not said what it spends from: it is the agent's own account, of which nothing is leased yet.
    ...(leased === undefined && agent.account !== undefined && { leased: 0 }),
    ...(budgetUsd !== undefined && { budgetUsd: budgetUsd - (spentUsd ?? 0) }),
    ...(parameters && { parameters }),
    ...(mounts && { mounts }),
  };
}

type PinnedInput = InvokeModelInput & { model: string };

interface CallLife {
  signal: AbortSignal;
  tell: (details: unknown) => void;
  costs: AttemptCosts | undefined;
}

async function callModel(
  input: PinnedInput,
  agent: ResolvedAgent,
  services: ActivityServices,
  { signal, tell, costs }: CallLife,
): Promise<InvokeModelResult | LeaseShort> {
  const started = Date.now();
  const { attempt, scheduledTimestampMs, workflowExecution } = activityInfo();
  const key = sessionKey(input.transcript.firstRunId);
  const parts = scopedParts(services.artifacts, key);
  const loaded = await services.transcripts.load(key, wantedOf(input, agent), pullFrom(services, key));
  const route = services.providerFor(input.model);
  const quickResults = await runQuickCalls(input, agent, loaded.messages, services, signal);
  // What is counted must be what is sent: large parts are loaded before the request is fitted.
  const seen = {
    head: await loadParts(loaded.head, parts),
    messages: await loadParts([...loaded.messages, ...quickResults], parts),
  };
  const { request, fitted } = await prepareRequest(input, agent, seen, route);
  const paid = payable(request, fitted.tokens, input, { costs, prices: services.prices });
  if ('short' in paid)
    return { short: { ...paid.short, ...(agent.account !== undefined && { account: agent.account }) } };
  const { affordable, lostUsd } = paid;

  const position = input.transcript.length + quickResults.length;
  const stream = services.streams.begin(key, { turn: input.turn, position, call: scheduledTimestampMs, attempt });
  let chars = 0;
  let received = false;
  if (costs) tell({ turn: input.turn, paid: costs.paid });
  const reply = await route.provider
    .complete(affordable, {
      signal,
      correlationId: rootIdOf(workflowExecution?.workflowId ?? ''),
      onDelta: (delta) => {
        received = true;
        if ('text' in delta) chars += delta.text.length;
        tell({ turn: input.turn, receivedChars: chars, ...(costs && { paid: costs.paid }) });
        stream.delta(delta);
      },
    })
    .catch((error) => {
      stream.end(false);
      costs?.failed(error, received);
      throw withContextSize(error, fitted.tokens);
    });
  stream.end(true);
  const costUsd = route.provider.simulated ? 0 : services.prices.costUsd(input.model, reply.usage);
  if (costUsd !== null) costs?.answered(costUsd);
  const message = { ...(await offloadReply(reply.message, parts)), mark: newMark() };
  services.transcripts.keep(key, message);
  return {
    ...(quickResults.length > 0 && { quickResults }),
    message,
    finish: reply.finish,
    usage: reply.usage,
    costUsd,
    ...(lostUsd > 0 && { lostUsd }),
    model: reply.model,
    simulated: route.provider.simulated ?? false,
    contextFrom: fitted.contextFrom,
    ...outputOf(agent, reply),
    ...(reply.requestId !== undefined && { requestId: reply.requestId }),
    latencyMs: Date.now() - started,
  };
}

interface Till {
  costs: AttemptCosts | undefined;
  prices: ActivityServices['prices'];
}

/** The request as it may be sent, or what has to be leased for it; what earlier attempts may have cost counts first. */
function payable(
  request: ModelRequest,
  tokens: number,
  { model, budgetUsd, leased, unknownPrice }: PinnedInput,
  { costs, prices }: Till,
): { affordable: ModelRequest; lostUsd: number } | LeaseShort {
  if (!costs) return { affordable: request, lostUsd: 0 };
  // Only the ledger knows what a call without a price counts as, and it has not been asked yet.
  if (leased === 0 && unknownPrice === undefined && prices.worstCaseUsd(model, tokens, 0) === null)
    return { short: { need: 1 } };
  const unknownUsd = unknownPrice === undefined ? undefined : toUsd(unknownPrice);
  const worst = ({ parameters }: ModelRequest) =>
    worstCaseOf(model, tokens, parameters.maxOutputTokens, prices, unknownUsd);
  // Attempts before this one asked for as much as the first would: no more than the request as it came.
  const lostUsd = costs.earlier(worst(request));
  const left = budgetUsd === undefined ? undefined : budgetUsd - lostUsd;
  const affordable = withinBudget(request, model, tokens, left, prices, unknownUsd);
  const need = toMicros(worst(affordable));
  if (leased !== undefined && toMicros(lostUsd) + need > leased) {
    return { short: { need, ...(lostUsd > 0 && { lostUsd }) } };
  }
  costs.sending(worst(affordable));
  return { affordable, lostUsd };
}

function wantedOf({ transcript, contextFrom }: InvokeModelInput, agent: ResolvedAgent) {
  return { pointer: transcript, contextFrom, keepFirst: agent.context.keepFirst };
}

/** A run keeps the revision it started with: when this worker's catalogue has moved on, the workflow is asked. */
async function pinnedAgent(
  { agent: name, model, revision = '' }: InvokeModelInput,
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
