import type { ModelRequest } from '../../activities/providers/provider';
import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model';
import { notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

/** Variables of a conversation: in instructions, in messages, over roll-overs and forks, and what is refused. */

const temporal = useTemporal('variables');
const agent: AgentDefinition = {
  name: 'talker',
  instructions: 'Be {{tone}}. Write {{language}}. Keep {{unknown}}.',
  variables: { language: 'English', tone: 'brief' },
  model: 'scripted/steps',
};

function contents(model: ScriptedModel): TestWorkerOptions {
  return { agents: [agent, { ...agent, name: 'plain', instructions: 'Talk.' }], providers: [model] };
}
const oks = (count: number) => scriptedModel(Array.from({ length: count }, () => ({ text: 'ok' })));

function said({ instructions, messages }: ModelRequest) {
  const last = messages.findLast(({ role }) => role === 'user');
  return [instructions, last?.role === 'user' && last.content.map((part) => (part.type === 'text' ? part.text : ''))];
}

test('stand in instructions and messages from the next call on, above those of the agent; over roll-overs and forks', async () => {
  const model = oks(7);
  await temporal.during(contents(model), async () => {
    const options = { id: 'vars', variables: { tone: 'kind' }, rolloverTurns: 1 };
    const chat = temporal.holdfast.chat('talker', options);
    const say = async (text: string) => (await chat.send(text)).reply();
    await say('Greet {{who}} in {{tone}} words.');
    await chat.change({ variables: { language: 'French', who: 'Ana' } });
    await say('Greet {{who}}.');
    await chat.change({ variables: { tone: null } });
    await say('Again, {{who}}.');
    expect((await chat.state()).variables).toEqual({ language: 'French', who: 'Ana' });
    // What was said stays as it was said.
    expect((await chat.messages())[2]).toMatchObject({ content: [{ text: 'Greet Ana.' }] });
    // Words of others are taken as they are.
    await (await chat.send('Mail to {{who}}', { source: 'mail' })).reply();
    const fork = await temporal.holdfast.fork('vars', {
      id: 'vars-fork',
      at: 4,
      input: 'And {{who}}?',
      variables: { who: 'Bo' },
    });
    await fork.result();
    expect((await fork.state()).variables).toEqual({ language: 'French', who: 'Bo' });
    const plain = await temporal.holdfast.start('plain', {
      id: 'vars-plain',
      input: 'Hi {{a}}',
      variables: { a: 'x' },
    });
    await plain.result();
    await chat.close();
    await chat.result();
  });
  expect(model.requests.map(said)).toEqual([
    ['Be kind. Write English. Keep {{unknown}}.', ['Greet {{who}} in kind words.']],
    ['Be kind. Write French. Keep {{unknown}}.', ['Greet Ana.']],
    ['Be brief. Write French. Keep {{unknown}}.', ['Again, Ana.']],
    ['Be brief. Write French. Keep {{unknown}}.', ['Mail to {{who}}']],
    ['Be brief. Write French. Keep {{unknown}}.', ['And Bo?']],
    ['Talk.', ['Hi x']],
  ]);
  // A call carries only what its instructions have a place for.
  const inputs = await inputsOf('vars-fork');
  expect(inputs).toEqual([undefined]);
}, 120_000);

/** `variables` of each pinned model call; the first carries them with the options of the run. */
async function inputsOf(id: string): Promise<unknown[]> {
  const events = await temporal.events(id);
  return events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === 'invokeModel'
      ? [JSON.parse(Buffer.from(scheduled.input?.payloads?.[0]?.data ?? []).toString()).variables]
      : [],
  );
}

test('steps of one run carry those its instructions use, and no others', async () => {
  const model = scriptedModel([{ toolCalls: [{ id: 'a', name: 'note', arguments: { text: 'x' } }] }, { text: 'ok' }]);
  const agents = [{ ...agent, tools: ['note'] }];
  await temporal.during({ agents, tools: [notingTool('note').tool], providers: [model] }, async () => {
    const variables = { tone: 'kind', big: 'x'.repeat(3_000) };
    const run = await temporal.holdfast.start('talker', { id: 'vars-used', input: 'go', variables });
    await run.result();
  });
  expect(await inputsOf('vars-used')).toEqual([undefined, { tone: 'kind' }]);
  expect(model.requests[1]?.instructions).toBe('Be kind. Write English. Keep {{unknown}}.');
});

test('what does not fit is refused, and changes nothing', async () => {
  await temporal.during(contents(oks(1)), async () => {
    const { holdfast } = temporal;
    expect(() => holdfast.chat('talker', { variables: { 'no-name': 'x' } })).toThrow('is no name');
    const chat = holdfast.chat('talker', { id: 'vars-refused', variables: { long: 'x'.repeat(4_000) } });
    await (await chat.send('hi')).reply();
    const refused = (variables: object) => chat.change({ variables } as never);
    await expect(refused({ 'a-b': 'x' })).rejects.toMatchObject({ code: 'Input.Invalid' });
    await expect(refused({ a: 1 })).rejects.toMatchObject({ code: 'Input.Invalid' });
    const more = Object.fromEntries([...'abcd'].map((name) => [name, 'x'.repeat(3_500)]));
    await expect(refused(more)).rejects.toMatchObject({ code: 'Input.Invalid', message: /18000 characters in all/ });
    await expect(chat.send('{{long}}'.repeat(60))).rejects.toMatchObject({ code: 'Input.TooLarge' });
    await chat.send('{{long}}'.repeat(60), { source: 'mail' });
    expect(Object.keys((await chat.state()).variables)).toEqual(['long']);
    await chat.stop();
    // A client that checks nothing itself.
    const bare = { agent: 'talker', input: 'x', variables: { 'no-name': 'x' } };
    const start = { taskQueue: temporal.taskQueue, workflowId: 'vars-bare', args: [bare] as [object] };
    const handle = await temporal.client.workflow.start('agentSession', start);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'Input.Invalid' } });
  });
});
