import { prepareRequest, withinBudget } from '../../../activities/model/request';
import { createPrices, FREE } from '../../../activities/providers/prices';
import type { ModelFacts, ModelProvider, ModelRequest } from '../../../activities/providers/provider';
import type { InvokeModelInput } from '../../../protocol/activities';
import type { Message } from '../../../protocol/messages';
import { scriptedModel } from '../../../testing/scripted-model';
import { type AgentChanges, resolvedAgent, toolSpec } from '../../fixtures/agents';
import { assistant, call, result, user } from '../../fixtures/messages';

function routeOf(facts: ModelFacts | undefined): { provider: ModelProvider; model: string } {
  return { provider: { ...scriptedModel([]), describeModel: () => facts }, model: 'steps' };
}

function prepare(
  messages: Message[],
  {
    agent = {},
    input = {},
    facts,
  }: { agent?: AgentChanges; input?: Partial<InvokeModelInput>; facts?: ModelFacts } = {},
) {
  const given = { contextFrom: 0, ...input } as InvokeModelInput;
  return prepareRequest(given, resolvedAgent(agent), { head: [], messages }, routeOf(facts));
}

describe('the request of a call', () => {
  test('is the agent: instructions, tools as data, output schema, and the whole conversation', async () => {
    const tools = [toolSpec('slow', { inputSchema: { type: 'object', required: ['a'] } })];
    const output = { type: 'object' };
    const { request, fitted } = await prepare([user('go')], { agent: { tools, output } });
    expect(request).toEqual({
      model: 'steps',
      instructions: 'Test.',
      messages: [user('go')],
      tools: [{ name: 'slow', description: 'the tool slow', inputSchema: { type: 'object', required: ['a'] } }],
      outputSchema: output,
      parameters: { maxOutputTokens: 8_192 },
    });
    expect(fitted.contextFrom).toBe(0);
  });

  test('has no output schema when the agent has none', async () => {
    expect((await prepare([user('go')])).request).not.toHaveProperty('outputSchema');
  });

  test('parameters of the run replace those of the agent one by one', async () => {
    const { request } = await prepare([user('go')], {
      agent: { parameters: { temperature: 1, reasoning: 'low' } },
      input: { parameters: { temperature: 0 } },
    });
    expect(request.parameters).toEqual({ temperature: 0, reasoning: 'low', maxOutputTokens: 8_192 });
  });

  test.each([
    ['what the agent says', { parameters: { maxOutputTokens: 100 } }, undefined, 100],
    [
      'no more than the model can',
      { parameters: { maxOutputTokens: 9_000 } },
      { contextTokens: 1e6, maxOutputTokens: 4_000 },
      4_000,
    ],
    ['no more than half of the window', {}, { contextTokens: 8_000 }, 4_000],
    ['8192 where nothing is said', {}, { contextTokens: 1e6 }, 8_192],
  ])('output tokens: %s', async (_what, agent: AgentChanges, facts, expected) => {
    const { request } = await prepare([user('go')], { agent, ...(facts && { facts }) });
    expect(request.parameters.maxOutputTokens).toBe(expected);
  });
});

describe('the context', () => {
  const long = (count: number): Message[] => [
    user('go'),
    ...Array.from({ length: count }, (_, at) => [
      assistant(call(`c${at}`, 'slow')),
      result(`c${at}`, 'x'.repeat(4_000)),
    ]).flat(),
  ];

  test.each([
    ['the model’s window less the answer', { facts: { contextTokens: 10_000, maxOutputTokens: 2_000 } }, 8_000],
    ['what the agent allows', { agent: { context: { maxTokens: 5_000 } } }, 5_000],
    ['what the vendor accepted', { input: { contextTokens: 3_000 } }, 3_000],
  ])('is at most %s', async (_what, options, limit) => {
    const { request, fitted } = await prepare(long(40), options);
    expect(fitted.tokens).toBeLessThanOrEqual(limit);
    expect(request.messages[0]).toEqual(user('go'));
    expect(fitted.contextFrom).toBeGreaterThan(1);
  });

  test('of an unknown model is taken to be 128,000 tokens', async () => {
    const { fitted } = await prepare(long(200));
    expect(fitted.tokens).toBeLessThanOrEqual(128_000 - 8_192);
    expect(fitted.contextFrom).toBeGreaterThan(0);
  });

  test('that cannot fit is refused for good: no size is reported, so nobody asks for less', async () => {
    const failing = prepare([user('x'.repeat(50_000))], { agent: { context: { maxTokens: 1_000 } } });
    await expect(failing).rejects.toMatchObject({
      code: 'Model.ContextTooLong',
      message: expect.stringContaining('1000 tokens'),
      hint: expect.any(String),
      details: undefined,
    });
  });

  test('counts a shortened result by its length', async () => {
    const { request, fitted } = await prepare(
      [user('go'), assistant(call('a', 'slow')), result('a', 'x'.repeat(90_000))],
      {
        agent: { context: { maxTokens: 5_000 } },
      },
    );
    expect(JSON.stringify(request.messages).length).toBeLessThan(20_000);
    expect(fitted.tokens).toBeLessThanOrEqual(5_000);
  });
});

describe('the money left', () => {
  const prices = createPrices({
    'p/m': { inputPerMillion: 1_000, outputPerMillion: 10_000 },
    'p/free': FREE,
    'p/reading': { inputPerMillion: 1_000, outputPerMillion: 0 },
  });
  const request: ModelRequest = {
    model: 'm',
    instructions: '',
    messages: [],
    tools: [],
    parameters: { maxOutputTokens: 1_000 },
  };
  const within = (budget: number | undefined, route = 'p/m', changes: Partial<ModelRequest> = {}) =>
    withinBudget({ ...request, ...changes }, route, 1_000, budget, prices);

  test('without a budget nothing changes', () => {
    expect(within(undefined)).toEqual(request);
    expect(within(undefined, 'p/unknown')).toEqual(request);
  });

  // 1,000 input tokens cost $1, 1,000 output tokens $10.
  test.each([
    [12, 1_000],
    [11, 1_000],
    [6, 500],
    [3.56, 256],
  ])('$%d allow %d output tokens', (budget, tokens) => {
    expect(within(budget).parameters.maxOutputTokens).toBe(tokens);
  });

  test.each([3.55, 1, 0.5, 0, -1])('$%d are not worth a call', (budget) => {
    expect(() => within(budget)).toThrow(
      expect.objectContaining({ code: 'Limit.Cost', message: expect.stringContaining('$11.0000') }),
    );
  });

  test('an agent that wants less than the least answer gets it', () => {
    expect(within(2, 'p/m', { parameters: { maxOutputTokens: 100 } }).parameters.maxOutputTokens).toBe(100);
    expect(() => within(1.9, 'p/m', { parameters: { maxOutputTokens: 100 } })).toThrow('may cost $2.0000');
  });

  test('a free model needs no money', () => {
    expect(within(0, 'p/free').parameters.maxOutputTokens).toBe(1_000);
    expect(within(0, 'scripted/steps').parameters.maxOutputTokens).toBe(1_000);
  });

  test('free output does not make dear input affordable', () => {
    expect(() => within(0.5, 'p/reading')).toThrow(expect.objectContaining({ code: 'Limit.Cost' }));
  });

  test('an unknown price is said, not guessed', () => {
    expect(() => within(100, 'p/unknown')).toThrow(
      expect.objectContaining({ code: 'Model.UnknownPrice', hint: expect.stringContaining('price') }),
    );
  });
});
