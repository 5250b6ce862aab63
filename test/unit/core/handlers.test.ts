import { Control } from '../../../workflows/control';
import { toApplicationFailure } from '../../../workflows/failures';
import { type Handled, handleQueries, handleUpdates } from '../../../workflows/handlers';
import { Inbox } from '../../../workflows/inbox';
import { pinnedSession } from '../../fixtures/drive';
import { user } from '../../fixtures/messages';

type Handler = (...given: unknown[]) => unknown;
const mockHandlers = new Map<string, { handle: Handler; validator?: Handler }>();
let mockUpdateId: string | undefined;
let mockCheck: () => Promise<void> = async () => undefined;

jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual<object>('@temporalio/workflow'),
  setHandler: (definition: { name: string }, handle: Handler, options: { validator?: Handler } = {}) =>
    mockHandlers.set(definition.name, { handle, ...options }),
  currentUpdateInfo: () => mockUpdateId && { id: mockUpdateId },
  uuid4: () => 'made',
  workflowInfo: () => ({ workflowId: 'run' }),
  proxyLocalActivities: () => ({ checkModel: () => mockCheck() }),
}));

/** What operators and chats may ask of a session in each of its states, as the validators of its updates say. */

const aborted: string[] = [];
const by = 'ana';

function runOf(more: Partial<Handled> = {}): Handled {
  const control = new Control();
  const guard = { abort: ({ detail }: { detail: string }) => aborted.push(detail), rearm: () => aborted.push('rearm') };
  const session = pinnedSession({ agent: 'tester', input: 'go' }, {}, control);
  const run = { input: { agent: 'tester' }, control, inbox: undefined, guard, session, refusal: undefined, ...more };
  mockHandlers.clear();
  mockUpdateId = undefined;
  mockCheck = async () => undefined;
  aborted.length = 0;
  handleQueries(run as unknown as Handled);
  handleUpdates(run as unknown as Handled);
  return run as unknown as Handled;
}

/** An update as the server brings it: refused by its validator, or followed. */
async function order(name: string, given: object = {}): Promise<unknown> {
  const { handle, validator } = mockHandlers.get(name) as { handle: Handler; validator?: Handler };
  validator?.({ by, ...given });
  return handle({ by, ...given });
}

const ask = (name: string, ...given: unknown[]) => mockHandlers.get(name)?.handle(...given);
const illegal = (message: RegExp) => ({ type: 'Control.Illegal', message: expect.stringMatching(message) });
const chat = () => ({ inbox: new Inbox(0, null) });

test('pause, step and resume in their order, and in no other', async () => {
  const run = runOf();
  await expect(order('resume')).rejects.toMatchObject(illegal(/resume .*not paused/));
  await expect(order('step')).rejects.toMatchObject(illegal(/step .*not paused/));
  await order('pause', { reason: 'lunch' });
  expect(run.control.paused).toMatchObject({ by, reason: 'lunch' });
  await expect(order('pause')).rejects.toMatchObject(illegal(/paused already/));
  await order('step', { unit: 'call' });
  await order('step');
  await order('resume');
  expect(run.control.paused).toBeNull();
  expect(run.control.actions.map(({ action, detail }) => [action, detail])).toEqual([
    ['pause', undefined],
    ['step', 'call'],
    ['step', 'turn'],
    ['resume', undefined],
  ]);
});

test('an order that comes again under its id is acknowledged and followed once, whatever came since', async () => {
  const run = runOf();
  mockUpdateId = 'p-1';
  await order('pause');
  await order('pause');
  mockUpdateId = 'r-1';
  await order('resume');
  mockUpdateId = 'p-1';
  await order('pause');
  expect(run.control.paused).toBeNull();
  expect(run.control.actions).toHaveLength(2);
});

test('a session that is only just starting can be looked at and not be changed or stopped', async () => {
  runOf({ session: undefined, refusal: { code: 'Agent.Unknown', message: 'who?' } });
  await expect(order('stop')).rejects.toMatchObject(illegal(/stop .*only just starting/));
  await expect(order('change', { priority: 1 })).rejects.toMatchObject(illegal(/change .*only just starting/));
  expect(ask('state')).toMatchObject({ agent: 'tester' });
  for (const query of ['agent', 'permissions', 'transcript', 'purse'])
    expect([query, ask(query)]).toEqual([query, null]);
  expect(ask('exchange', 1)).toBeNull();
});

test('a stop ends what runs, with who said so and why', async () => {
  const run = runOf();
  await order('stop', { reason: 'enough' });
  expect(aborted).toEqual(['by ana: enough']);
  expect(run.control.ending).toEqual({ reason: 'stopped', detail: 'by ana: enough' });
  runOf();
  await order('stop');
  expect(aborted).toEqual(['by ana']);
});

describe('a change', () => {
  test('of the model is one the worker knows and the run may use', async () => {
    const run = runOf();
    await order('change', { model: 'scripted/other', breakpoints: { turns: [3] }, limits: { deadline: '1h' } });
    expect(run.session?.model).toBe('scripted/other');
    expect(aborted).toEqual(['rearm']);
    expect(run.control.actions[0]).toMatchObject({ action: 'change', detail: 'model, breakpoints, limits' });
    mockCheck = () => Promise.reject(toApplicationFailure({ code: 'Model.NotFound', message: 'no such model' }));
    await expect(order('change', { model: 'a/b' })).rejects.toMatchObject({ type: 'Model.NotFound' });
    mockCheck = () => Promise.reject(new Error('bug'));
    await expect(order('change', { model: 'a/b' })).rejects.toThrow('bug');
    expect(run.session?.model).toBe('scripted/other');
    runOf({ session: pinnedSession({ agent: 'tester', input: 'go' }, { permissions: { models: ['scripted/*'] } }) });
    await expect(order('change', { model: 'openai/gpt-5' })).rejects.toMatchObject({ type: 'Permission.Denied' });
  });

  test('of variables has room for all of them together', async () => {
    const run = runOf();
    await order('change', { variables: { tone: 'dry' } });
    expect(run.session?.given.variables).toEqual({ tone: 'dry' });
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`v${at}`, 'x']));
    await expect(order('change', { variables: many })).rejects.toMatchObject({
      type: 'Input.Invalid',
      message: expect.stringMatching(/^variables: /),
    });
  });
});

describe('guidance', () => {
  test('is for work that goes on', async () => {
    const run = runOf();
    await order('steer', { text: 'mind', pin: true });
    expect(run.control.takeSteering()).toMatchObject([{ by, pinned: true }]);
    run.session?.end({ reason: 'completed', detail: '' });
    await expect(order('steer', { text: 'mind' })).rejects.toMatchObject({ type: 'Control.Illegal' });
  });

  test('of a chat that waits for a message is refused, and so is an interruption', async () => {
    const { inbox } = runOf(chat());
    await expect(order('steer', { text: 'mind' })).rejects.toMatchObject(illegal(/waits for a message/));
    await expect(order('interrupt')).rejects.toMatchObject(illegal(/waits for a message/));
    inbox?.add('m', user('hi'));
    inbox?.take(0);
    await order('interrupt');
    expect(aborted).toEqual(['by ana']);
  });
});

describe('a chat', () => {
  test('one run that gives one answer is none', async () => {
    runOf();
    await expect(order('send', { input: 'hi' })).rejects.toMatchObject(illegal(/no chat/));
    expect(() => ask('send', { input: 'hi' })).toThrow('no chat');
  });

  test('takes a message once per id, with who wrote it, and one of a stranger as it is', async () => {
    const run = runOf({
      ...chat(),
      input: { agent: 'tester', variables: { x: 'filled' } } as never,
      session: undefined,
    });
    mockUpdateId = 'm-1';
    expect(await order('send', { input: 'say {{x}}', pin: true })).toEqual({ exchange: 1, ahead: 0 });
    expect(await order('send', { input: 'say {{x}}' })).toEqual({ exchange: 1, ahead: 0 });
    mockUpdateId = undefined;
    await order('send', { input: 'say {{x}}', source: 'mail' });
    expect(run.inbox?.carry().queue).toMatchObject([
      { id: 'm-1', message: { by, pinned: true, content: [{ text: 'say filled' }] } },
      { id: 'made', message: { content: [{ text: 'say {{x}}' }] } },
    ]);
    // What the stranger wrote is in the conversation from now on.
    expect(run.input.tainted).toEqual(['mail']);
    expect(ask('exchange', 2)).toMatchObject({ status: 'queued' });
  });

  test('that is closed, stopped or full takes no more; a message it has is acknowledged still', async () => {
    const closed = { type: 'Chat.Closed' };
    const run = runOf(chat());
    mockUpdateId = 'm-1';
    await order('send', { input: 'hi' });
    mockUpdateId = undefined;
    await order('rename', { title: ' Sums ' });
    await order('close', { reason: 'done' });
    expect([run.inbox?.title, run.inbox?.closed]).toEqual(['Sums', true]);
    await expect(order('close')).rejects.toMatchObject(illegal(/closed already/));
    await expect(order('send', { input: 'more' })).rejects.toMatchObject(closed);
    mockUpdateId = 'm-1';
    expect(await order('send', { input: 'hi' })).toEqual({ exchange: 1, ahead: 0 });
    const stopped = runOf(chat());
    stopped.control.end({ reason: 'stopped', detail: 'by ana' });
    await expect(order('send', { input: 'hi' })).rejects.toMatchObject(closed);
    const full = runOf(chat());
    for (let at = 0; at < 100; at++) full.inbox?.add(`${at}`, user('x'));
    await expect(order('send', { input: 'hi' })).rejects.toMatchObject({ type: 'Chat.QueueFull' });
  });
});
