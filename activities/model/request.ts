import type { InvokeModelInput } from '../../protocol/activities';
import type { ResolvedAgent, SummaryPolicy } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import type { Message } from '../../protocol/messages';
import { expandedChars, expandVariables, MAX_EXPANDED_CHARS } from '../../protocol/variables';
import type { Prices } from '../providers/prices';
import type { ModelFacts, ModelProvider, ModelRequest } from '../providers/provider';
import type { LoadedTranscript } from '../transcript-cache';
import { type Conversation, conversationOf, fitConversation } from './conversation';
import { type FitInput, type FittedContext, fitContext, sum } from './fit-context';
import { summaryRange, thresholdOf } from './summary-range';

/** Tokens one answer may have where the agent says nothing. */
const MAX_OUTPUT_TOKENS = 8_192;
/** What an unknown model is taken to hold. */
const UNKNOWN_MODEL: ModelFacts = { contextTokens: 128_000 };
/** An answer shorter than this is not worth paying for. */
const LEAST_OUTPUT_TOKENS = 256;

export interface PreparedRequest {
  request: ModelRequest;
  fitted: FittedContext;
  /** Whether the conversation, with this reply to it, is so large that a summary is due before the next call. */
  summaryDueAfter(reply: Message): Promise<boolean>;
}

export type Route = { provider: ModelProvider; model: string };

/**
 * The request of one call: the agent's settings and as much of the transcript as fits.
 * @throws HoldfastError `Model.ContextTooLong` when not even the last messages fit, or a summary is due first
 * (`details.summaryDue`).
 */
export async function prepareRequest(
  input: InvokeModelInput,
  agent: ResolvedAgent,
  loaded: LoadedTranscript,
  route: Route,
): Promise<PreparedRequest> {
  const { summarise, keepFirst } = agent.context;
  const { request, windowTokens } = bareRequest(input, agent, route);
  const counted = await countedConversation(request, loaded, route.provider);
  const limits = { fixedTokens: counted.fixedTokens, maxTokens: windowTokens, tokensOf: counted.tokensOf };
  const conversation = conversationOf(loaded, input.contextFrom, keepFirst);
  if (summarise && !input.withoutSummary && isDue(conversation, summarise, limits)) throw summaryDue();
  const fitted = conversation.summary
    ? fitConversation(conversation, input.contextFrom, limits)
    : fitContext({ ...loaded, keepFirst, contextFrom: input.contextFrom, ...limits });
  if (!fitted) throw tooLong(windowTokens);
  return {
    request: { ...request, messages: fitted.messages },
    fitted,
    async summaryDueAfter(reply) {
      if (!summarise) return false;
      await counted.add(reply);
      const grown = { ...loaded, messages: [...loaded.messages, reply] };
      return isDue(conversationOf(grown, input.contextFrom, keepFirst), summarise, limits);
    },
  };
}

/** The agent's settings as a request without messages, and the tokens that its whole input may have. */
export function bareRequest(
  input: Pick<InvokeModelInput, 'parameters' | 'variables' | 'contextTokens'>,
  agent: ResolvedAgent,
  { provider, model }: Route,
): { request: ModelRequest; windowTokens: number } {
  const facts = provider.describeModel(model) ?? UNKNOWN_MODEL;
  const parameters = { ...agent.parameters, ...input.parameters };
  const wanted = parameters.maxOutputTokens ?? MAX_OUTPUT_TOKENS;
  const maxOutputTokens = Math.min(wanted, facts.maxOutputTokens ?? wanted, Math.floor(facts.contextTokens / 2));
  const request: ModelRequest = {
    model,
    instructions: instructionsOf(agent, input),
    messages: [],
    tools: agent.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
    ...(agent.output && { outputSchema: agent.output }),
    parameters: { ...parameters, maxOutputTokens },
  };
  const windowTokens = Math.min(
    facts.contextTokens - maxOutputTokens,
    agent.context.maxTokens ?? Number.POSITIVE_INFINITY,
    input.contextTokens ?? Number.POSITIVE_INFINITY,
  );
  return { request, windowTokens };
}

/** @throws HoldfastError `Input.TooLarge` when values that stand in many places make them too long. */
function instructionsOf(
  { instructions, variables: own }: ResolvedAgent,
  { variables }: Pick<InvokeModelInput, 'variables'>,
) {
  if (!own && !variables) return instructions;
  const all = { ...own, ...variables };
  const chars = expandedChars(instructions, all);
  if (chars <= MAX_EXPANDED_CHARS) return expandVariables(instructions, all);
  throw new HoldfastError('Input.TooLarge', `with its variables the instructions have ${chars} characters`, {
    hint: `${MAX_EXPANDED_CHARS} is the most: shorten the values, or use them in fewer places.`,
  });
}

export interface CountedConversation {
  /** Tokens of everything that is always sent: instructions, tools, output schema. */
  fixedTokens: number;
  tokensOf(message: Message): number;
  /** Counts another message. */
  add(message: Message): Promise<void>;
}

/** The tokens of a request's messages, each counted once. */
export async function countedConversation(
  request: ModelRequest,
  { head, messages }: LoadedTranscript,
  provider: ModelProvider,
): Promise<CountedConversation> {
  const counts = new Map<Message, number>();
  const bare = { ...request, instructions: '', tools: [], outputSchema: undefined };
  const add = async (message: Message): Promise<void> => {
    counts.set(message, await provider.countTokens({ ...bare, messages: [message] }));
  };
  for (const message of [...head, ...messages]) {
    await add(message);
    if (message.role === 'user') for (const kept of message.summary?.kept ?? []) await add(kept);
  }
  return {
    fixedTokens: await provider.countTokens(request),
    // Shortened copies are new objects: they are counted by length, a little too high.
    tokensOf: (message) => counts.get(message) ?? Math.ceil(JSON.stringify(message).length / 2),
    add,
  };
}

function isDue(
  conversation: Conversation,
  policy: SummaryPolicy,
  { fixedTokens, maxTokens, tokensOf }: Pick<FitInput, 'fixedTokens' | 'maxTokens' | 'tokensOf'>,
): boolean {
  const threshold = thresholdOf(policy, maxTokens);
  const tokens = fixedTokens + sum([...conversation.head, ...conversation.rest].map(tokensOf));
  return tokens >= threshold && summaryRange(conversation, policy, threshold, tokensOf) !== undefined;
}

/** Not an error of anybody's: the workflow has the summary made, and asks again. */
function summaryDue(): HoldfastError {
  return new HoldfastError('Model.ContextTooLong', 'the conversation has grown: older messages are summarised first', {
    details: { summaryDue: true },
  });
}

function tooLong(windowTokens: number): HoldfastError {
  return new HoldfastError(
    'Model.ContextTooLong',
    `the conversation does not fit in ${windowTokens} tokens, even shortened`,
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
