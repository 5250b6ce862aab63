import { activityInfo, Context } from '@temporalio/activity';
import type { LeaseShort, SummariseInput, SummariseResult } from '../../protocol/activities';
import type { ResolvedAgent, SummaryPolicy } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import type { Message, UserMessage } from '../../protocol/messages';
import { NO_USAGE } from '../../protocol/usage';
import { withHeartbeat } from '../heartbeat';
import type { ModelReply } from '../providers/provider';
import type { ActivityServices } from '../services';
import { newMark, scopedParts, sessionKey } from '../session-key';
import { pullFrom } from '../session-source';
import { toFailure } from '../to-failure';
import { askProvider, type CallLife } from './ask-provider';
import { type Conversation, conversationOf } from './conversation';
import { withFallbacks } from './fallbacks';
import { pinnedAgent, wantedOf } from './invoke-model';
import { costsOf, endUnpaid, payable, withLoss } from './payable';
import { bareRequest, countedConversation } from './request';
import { seenBy } from './seen-by';
import { type SummaryRange, summaryRange, thresholdOf } from './summary-range';
import { framed, summaryRequest } from './summary-text';
import { answerMs, withinTime } from './time-limit';

/** The part of the threshold a summary may take, and its bounds in tokens. */
const SUMMARY_PART = 0.15;
const SUMMARY_TOKENS = { least: 256, most: 4_096 };

/** One model call that says in short what older messages said. Nothing is deleted: they stay in the transcript. */
export function createSummariseTranscript(services: ActivityServices) {
  return async function summariseTranscript(input: SummariseInput): Promise<SummariseResult | LeaseShort> {
    const costs = costsOf(input);
    let agent: ResolvedAgent | undefined;
    try {
      const limitMs = answerMs(activityInfo().startToCloseTimeoutMs);
      return await withHeartbeat(({ signal, tell }) =>
        withinTime(limitMs, signal, async (limited) => {
          agent = await pinnedAgent(input, services);
          const { summarise } = agent.context;
          if (!summarise) throw new HoldfastError('Agent.Invalid', `${agent.name} has no context.summarise`);
          return summaryOf(input, agent, summarise, services, { signal: limited, tell, costs });
        }),
      );
    } catch (error) {
      endUnpaid(costs);
      const { cancellationSignal } = Context.current();
      if (cancellationSignal.aborted) throw withLoss(cancellationSignal.reason, costs);
      const { attempt } = activityInfo();
      // Another model than the run's is no dependency that the run could go over from.
      const own = agent?.context.summarise?.model === undefined;
      const asked = { agent, route: own ? input.model : undefined, attempt, input };
      throw withLoss(withFallbacks(toFailure(error, attempt), asked), costs);
    }
  };
}

async function summaryOf(
  input: SummariseInput,
  agent: ResolvedAgent,
  policy: SummaryPolicy,
  services: ActivityServices,
  life: CallLife,
): Promise<SummariseResult | LeaseShort> {
  const started = performance.now();
  const route = policy.model ?? input.model;
  const { provider, model } = services.providerFor(route);
  const simulated = provider.simulated ?? false;
  const key = sessionKey(input.transcript.firstRunId);
  const { conversation, range, threshold } = await whatIsOld(input, agent, policy, services, key);
  if (!range)
    return { usage: NO_USAGE, costUsd: 0, model, simulated, latencyMs: Math.round(performance.now() - started) };

  const maxOutputTokens = outputTokens(threshold);
  // Before long ones are cut: half of a secret would not be known for one.
  const old = services.secrets.redactor.value(conversation.rest.slice(0, range.count));
  const request = await summaryRequest(conversation.summary, old, { provider, model, policy, maxOutputTokens });
  const tokens = await provider.countTokens(request);
  const paid = payable(request, { ...input, route, tokens, prices: services.prices, costs: life.costs });
  if ('short' in paid) return paid;
  const { affordable, lostUsd } = paid;
  const asking = { provider, route, turn: input.turn, ...life };
  const { reply, costUsd } = await askProvider(affordable, asking, services);
  const message = messageOf(reply, conversation, range);
  services.transcripts.keep(key, message);
  return {
    message,
    usage: reply.usage,
    costUsd,
    ...(lostUsd > 0 && { lostUsd }),
    model: reply.model,
    simulated,
    latencyMs: Math.round(performance.now() - started),
  };
}

/** By the window of the run's model, which is not always the one that writes the summary. */
async function whatIsOld(
  input: SummariseInput,
  agent: ResolvedAgent,
  policy: SummaryPolicy,
  services: ActivityServices,
  key: string,
): Promise<{ conversation: Conversation; range: SummaryRange | undefined; threshold: number }> {
  const route = services.providerFor(input.model);
  const stored = await services.transcripts.load(key, wantedOf(input, agent), pullFrom(services, key));
  const parts = scopedParts(services.artifacts, key);
  const seen = await seenBy(stored, { input, agent, route, parts });
  const { request, windowTokens } = bareRequest(input, agent, route);
  const { tokensOf } = await countedConversation(request, seen, route.provider);
  const threshold = thresholdOf(policy, windowTokens);
  const { keepFirst } = agent.context;
  const range = summaryRange(conversationOf(seen, input.contextFrom, keepFirst), policy, threshold, tokensOf);
  // From here on as it is stored: what is large stays where it is.
  return { conversation: conversationOf(stored, input.contextFrom, keepFirst), range, threshold };
}

function outputTokens(threshold: number): number {
  return Math.round(Math.min(Math.max(threshold * SUMMARY_PART, SUMMARY_TOKENS.least), SUMMARY_TOKENS.most));
}

function messageOf(reply: ModelReply, conversation: Conversation, { count, from, to }: SummaryRange): UserMessage {
  const text = reply.message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  if (reply.finish === 'refusal' || text.trim() === '')
    throw new HoldfastError('Model.Refused', `${reply.model} gave no summary`);
  const kept = keptOf(conversation, count);
  const content: UserMessage['content'] = [{ type: 'text', text: framed(text) }];
  return { role: 'user', mark: newMark(), summary: { from, to, kept }, content };
}

/** What must not be lost to a summary: pinned messages, and the latest request when no newer one is left in view. */
function keptOf({ summary, rest }: Conversation, count: number): UserMessage[] {
  const isUser = (message: Message): message is UserMessage => message.role === 'user';
  const asked = [...(summary?.summary?.kept ?? []), ...rest.slice(0, count).filter(isUser)];
  const latest = rest.slice(count).some(isUser) ? undefined : asked.at(-1);
  return asked.filter((message) => message.pinned || message === latest);
}
