import { z } from 'zod';
import type { ModelDelta } from '../../activities/providers/provider';
import { notesPart } from '../../activities/providers/simulated/notes';
import { defineTool } from '../../activities/tools/define-tool';
import type { Message } from '../../protocol/messages';
import { complete, FILE_TOOLS, provider, request, runSession, toolSpecs, userMessage } from './simulated-session';

const ask = async (task: string, tools: readonly string[] = FILE_TOOLS): Promise<string> =>
  (await runSession({ task, tools })).answer;

test('is named, labelled and knows a large window', async () => {
  expect(provider).toMatchObject({ name: 'simulated', simulated: true });
  expect(provider.describeModel('rules')).toEqual({ contextTokens: 200_000 });
  const call = { signal: new AbortController().signal };
  expect(await provider.listModels?.(call)).toEqual(['rules']);
  await expect(provider.checkHealth?.(call)).resolves.toBeUndefined();
});

test('gives the same reply to the same request, byte for byte', async () => {
  const messages = [userMessage('Survey the folder and report.')];
  const asked = () => complete(request(structuredClone(messages), { tools: toolSpecs(FILE_TOOLS) }));
  expect(JSON.stringify(await asked())).toBe(JSON.stringify(await asked()));
});

test('streams its text in pieces, counts by estimate', async () => {
  const deltas: ModelDelta[] = [];
  const reply = await complete(request([userMessage('Hello there')]), (delta) => deltas.push(delta));
  const [part] = reply.message.content;
  expect(deltas.length).toBe(4);
  expect(deltas.map((delta) => ('text' in delta ? delta.text : '')).join('')).toBe(
    part?.type === 'text' ? part.text : '',
  );
  expect(reply.finish).toBe('end');
  expect(reply.usage.inputTokens).toBe(provider.countTokens(request([userMessage('Hello there')])));
  expect(reply.usage.outputTokens).toBeGreaterThan(10);
});

test('stops when the signal aborts, before and while it streams', async () => {
  const aborted = AbortSignal.abort(new Error('enough'));
  await expect(provider.complete(request([userMessage('Hi')]), { signal: aborted })).rejects.toThrow('enough');
  const controller = new AbortController();
  const onDelta = (): void => controller.abort(new Error('no more'));
  const call = provider.complete(request([userMessage('Hi')]), { signal: controller.signal, onDelta });
  await expect(call).rejects.toThrow('no more');
});

test('says what it is when no rule fits', async () => {
  const answer = await ask('Write a poem about the sea.', []);
  expect(answer).toMatch(/^\[simulated\]/);
  expect(answer).toContain('“Write a poem about the sea.”');
  expect(answer).toMatch(/OPENAI_API_KEY or ANTHROPIC_API_KEY/);
  const [part] = (await complete(request([]))).message.content;
  expect(part?.type === 'text' && part.text).toContain('“nothing”');
});

test.each([
  ['What is 12.5 * (3 + 4)?', '12.5 * (3 + 4) = 87.5'],
  ['Please calculate sqrt(2)!', 'sqrt(2) ≈ 1.4142135623'],
  ['How much is 19% of 250, rounded?', '250 * 19 / 100 = 47.5'],
  ['(2 + 3', '2 + 3 = 5'],
  ['2 + 3).', '2 + 3 = 5'],
  ['What is 10/4?', '10/4 = 2.5'],
  ['Tell me: 1 / 0', 'The calculator gave no value for 1 / 0: failed: division by zero'],
])('%s', async (task, expected) => {
  expect(await ask(task)).toContain(expected);
});

test.each(['On 2024-01-05 we had version 1.2.3', 'Room 12, please', 'call 3/4/2024 again', 'Pages 3-5, open 24/7'])(
  'sees no arithmetic in "%s"',
  async (task) => {
    const { message } = await complete(request([userMessage(task)], { tools: toolSpecs(['calculator']) }));
    expect(message.content.some((part) => part.type === 'tool-call')).toBe(false);
  },
);

test('knows the time from the clock tools', async () => {
  const clock = ['clock_now', 'clock_between', 'clock_shift'];
  expect(await ask('What time is it in Europe/Berlin?', clock)).toMatch(
    /^\[simulated\] It is \w+day, \d{4}-.*\(Europe\/Berlin\)/,
  );
  expect(await ask('How long is it from 2024-02-01 to 2024-03-01?', clock)).toContain('lie 29 days (2505600 seconds)');
  expect(await ask('Which day is 10 days before 2024-03-05?', clock)).toContain('It is Saturday, 2024-02-24');
  expect(await ask('Which day is 2 weeks after 2024-03-05?', clock)).toContain('It is Tuesday, 2024-03-19');
  expect(await ask('How long from 2024-02-30 to 2024-03-01?', clock)).toContain('The clock gave no answer: failed:');
});

const findOrder = defineTool({
  name: 'find_order',
  description: 'Finds an order.',
  input: z.object({ orderId: z.string() }),
  effect: 'read',
  execute: ({ orderId }) => {
    if (orderId === 'Z-1') throw new Error('no such order');
    return { orderId, customer: 'Ada', total: 120.5 };
  },
});
const writeInvoice = defineTool({
  name: 'write_invoice',
  description: 'Writes an invoice.',
  input: z.object({ customer: z.string(), total: z.number(), note: z.string().optional() }),
  effect: 'idempotent',
  execute: ({ customer, total, note }) => `${customer} owes ${total}${note ? ` (${note})` : ''}`,
});

test('calls tools the task names, one after the other, with what earlier ones answered', async () => {
  const session = { tools: ['calculator'], extraTools: [findOrder, writeInvoice] };
  const end = await runSession({ ...session, task: 'Use find_order for A-17, then write invoice with note: urgent.' });
  expect(end.calls.map(({ name, arguments: args }) => [name, args])).toEqual([
    ['find_order', { orderId: 'A-17' }],
    ['write_invoice', { customer: 'Ada', total: 120.5, note: 'urgent' }],
  ]);
  expect(end.answer).toContain('write_invoice: Ada owes 120.5 (urgent)');
  const failed = await runSession({ ...session, task: 'find order Z-1' });
  expect(failed.answer).toContain('find_order failed (failed: no such order)');
});

test('asks nothing of tools it was not granted, and goes on where a rule is gone', async () => {
  const gone = notesPart({ rule: 'of-another-version', step: 7, task: 'Hello', state: null });
  const { message } = await complete(request([{ role: 'assistant', content: [gone] }]));
  expect(message.content).toEqual([{ type: 'text', text: expect.stringContaining('“Hello”') }]);
});

test('gives up after very many steps', async () => {
  const late = notesPart({ rule: 'arithmetic', step: 3_000, task: '2 + 2', state: { expression: '2 + 2' } });
  const { message } = await complete(request([{ role: 'assistant', content: [late] }]));
  expect(message.content).toEqual([{ type: 'text', text: '[simulated] I stopped after 3000 steps without an end.' }]);
});

test('calls tools named twice or in any order once, where the task first names them', async () => {
  const session = { tools: [], extraTools: [writeInvoice, findOrder] };
  const end = await runSession({ ...session, task: 'find_order A-17, write_invoice for it, then find order A-17.' });
  expect(end.calls.map(({ name }) => name)).toEqual(['find_order', 'write_invoice']);
});

test('goes on from its last reply alone, and starts over where there is none of its own', async () => {
  const tools = toolSpecs(['calculator']);
  const foreign: Message = {
    role: 'assistant',
    content: [{ type: 'tool-call', id: 'x', name: 'calculator', arguments: {} }],
  };
  const { message } = await complete(request([userMessage('2 + 2'), foreign], { tools }));
  expect(message.content.map(({ type }) => type)).toEqual(['reasoning', 'text', 'tool-call']);
  const result: Message = {
    role: 'tool',
    callId: 'sim-1-1',
    name: 'calculator',
    outcome: 'ok',
    content: '{"result":"4"}',
    mediaType: 'application/json',
  };
  const alone = await complete(request([message, result], { tools }));
  expect(alone.message.content).toEqual([{ type: 'text', text: '[simulated] 2 + 2 = 4 (from the calculator).' }]);
});

test.each(['notes1:%%%', 'notes1:AAAA', 'notes0:xx', `notes1:${Buffer.from('x').toString('base64')}`])(
  'notes that cannot be read (%s) start the task over',
  async (encrypted) => {
    const broken: Message = {
      role: 'assistant',
      content: [{ type: 'reasoning', provider: 'simulated', text: '', encrypted }],
    };
    const { message } = await complete(request([userMessage('2 + 2'), broken], { tools: toolSpecs(['calculator']) }));
    expect(message.content.at(-1)).toMatchObject({ type: 'tool-call', id: 'sim-1-1' });
  },
);

test('a new message of the user is a new task', async () => {
  const end = await runSession({ task: '2 + 2', tools: ['calculator'] });
  const messages = [...end.messages, userMessage('3 + 3')];
  const { message } = await complete(request(messages, { tools: toolSpecs(['calculator']) }));
  expect(message.content.at(-1)).toMatchObject({ arguments: { expression: '3 + 3' } });
});
