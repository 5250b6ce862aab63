import type { InvokeModelInput } from '../../protocol/activities';
import type { ResolvedAgent } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import type { Message } from '../../protocol/messages';
import type { Prices } from '../providers/prices';
import type { ModelFacts, ModelProvider, ModelRequest } from '../providers/provider';
import type { LoadedTranscript } from '../transcript-cache';
import { type FittedContext, fitContext } from './fit-context';

/** Tokens one answer may have where the agent says nothing. */
const MAX_OUTPUT_TOKENS = 8_192;
/** What an unknown model is taken to hold. */
const UNKNOWN_MODEL: ModelFacts = { contextTokens: 128_000 };
/** An answer shorter than this is not worth paying for. */
const LEAST_OUTPUT_TOKENS = 256;

export interface PreparedRequest {
  request: ModelRequest;
  fitted: FittedContext;
}

/**
 * The request of one call: the agent's settings and as much of the transcript as fits.
 * @throws HoldfastError `Model.ContextTooLong` when not even the last messages fit.
 */
export async function prepareRequest(
  input: InvokeModelInput,
  agent: ResolvedAgent,
  loaded: LoadedTranscript,
  { provider, model }: { provider: ModelProvider; model: string },
): Promise<PreparedRequest> {
  const facts = provider.describeModel(model) ?? UNKNOWN_MODEL;
  const parameters = { ...agent.parameters, ...input.parameters };
  const wanted = parameters.maxOutputTokens ?? MAX_OUTPUT_TOKENS;
  const maxOutputTokens = Math.min(wanted, facts.maxOutputTokens ?? wanted, Math.floor(facts.contextTokens / 2));
  const request: ModelRequest = {
    model,
    instructions: agent.instructions,
    messages: [],
    tools: agent.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
    ...(agent.output && { outputSchema: agent.output }),
    parameters: { ...parameters, maxOutputTokens },
  };
  const maxTokens = Math.min(
    facts.contextTokens - maxOutputTokens,
    agent.context.maxTokens ?? Number.POSITIVE_INFINITY,
    input.contextTokens ?? Number.POSITIVE_INFINITY,
  );
  const fitted = await fitTranscript(input, agent, request, loaded, provider, maxTokens);
  return { request: { ...request, messages: fitted.messages }, fitted };
}

async function fitTranscript(
  { contextFrom }: InvokeModelInput,
  { context: { keepFirst } }: ResolvedAgent,
  request: ModelRequest,
  { head, messages }: LoadedTranscript,
  provider: ModelProvider,
  maxTokens: number,
): Promise<FittedContext> {
  const counts = new Map<Message, number>();
  const fixedTokens = await provider.countTokens(request);
  const bare = { ...request, instructions: '', tools: [], outputSchema: undefined };
  for (const message of [...head, ...messages])
    counts.set(message, await provider.countTokens({ ...bare, messages: [message] }));
  // Shortened copies are new objects: they are counted by length, a little too high.
  const tokensOf = (message: Message): number => counts.get(message) ?? Math.ceil(JSON.stringify(message).length / 2);
  const fitted = fitContext({ head, keepFirst, messages, contextFrom, fixedTokens, maxTokens, tokensOf });
  if (fitted) return fitted;
  throw new HoldfastError(
    'Model.ContextTooLong',
    `the conversation does not fit in ${maxTokens} tokens, even shortened`,
    { hint: 'Give the agent less at once, a larger context.maxTokens, or a model with a larger window.' },
  );
}

/**
 * US dollars the call may cost at most.
 * @param unknownUsd what a call counts as whose price is unknown; without it such a call is refused.
 * @throws HoldfastError `Model.UnknownPrice`.
 */
export function worstCaseOf(
  route: string,
  tokens: number,
  maxOutputTokens: number,
  prices: Prices,
  unknownUsd?: number,
): number {
  const worst = prices.worstCaseUsd(route, tokens, maxOutputTokens) ?? unknownUsd;
  if (worst !== undefined) return worst;
  throw new HoldfastError(
    'Model.UnknownPrice',
    `the run may spend only so much, and the price of ${route} is unknown`,
    {
      hint: 'Set its price in the configuration (prices), or run without a cost limit or an account that refuses unknown prices.',
    },
  );
}

/**
 * Holds the call to what the run may still spend: lowers the output limit to what is affordable.
 * @throws HoldfastError `Limit.Cost` when not even a short answer is, `Model.UnknownPrice` when nobody can tell.
 */
export function withinBudget(
  request: ModelRequest,
  route: string,
  tokens: number,
  budgetUsd: number | undefined,
  prices: Prices,
  unknownUsd?: number,
): ModelRequest {
  if (budgetUsd === undefined) return request;
  const { maxOutputTokens } = request.parameters;
  const worst = worstCaseOf(route, tokens, maxOutputTokens, prices, unknownUsd);
  const inputOnly = worstCaseOf(route, tokens, 0, prices, unknownUsd);
  if (worst <= budgetUsd) return request;
  const affordable = Math.floor(((budgetUsd - inputOnly) / (worst - inputOnly)) * maxOutputTokens);
  if (worst > inputOnly && affordable >= Math.min(LEAST_OUTPUT_TOKENS, maxOutputTokens)) {
    return { ...request, parameters: { ...request.parameters, maxOutputTokens: affordable } };
  }
  throw new HoldfastError(
    'Limit.Cost',
    `the next call may cost $${worst.toFixed(4)}; $${budgetUsd.toFixed(4)} of the limit is left`,
    {
      hint: 'Raise limits.costUsd (CLI: --budget) and run again.',
    },
  );
}
