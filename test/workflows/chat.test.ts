import { ProviderError } from '../../activities/providers/provider';
import type { AgentDefinition } from '../../protocol/agent';
import type { Message } from '../../protocol/messages';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { aborted, notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('chat');
const agent: AgentDefinition = { name: 'talker', instructions: 'Talk.', model: 'scripted/steps', tools: ['note'] };

function textOf(message: Message | undefined): string {
  return message?.role === 'user'
    ? message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
    : '';
}

/** Answers the latest message of the user. */
const echo: ScriptedStep = ({ messages }) => ({
  text: `heard ${textOf(messages.findLast((message) => message.role === 'user'))}`,
});

const hanging: ScriptedStep = async (_request, { signal }) => {
  await aborted(signal);
  throw signal.reason;
};

function contents(steps: ScriptedStep[]): TestWorkerOptions {
  return {
    agents: [agent, { ...agent, name: 'other' }],
    tools: [notingTool('note').tool],
    providers: [scriptedModel(steps)],
  };
}

const echoes = (count: number): TestWorkerOptions => contents(Array.from({ length: count }, () => echo));
const statusOf = async (id: string) => (await temporal.holdfast.describe(id)).status;

describe('a chat', () => {
  test('starts with its first message, answers in order, and is found idle in between', async () => {
    await temporal.during(echoes(3), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'in-order', title: 'Order' });
      const sent = await Promise.all(['a', 'b', 'c'].map((text) => chat.send(text)));
      const replies = await Promise.all(sent.map((message) => message.reply()));
      for (const [at, { exchange }] of sent.entries()) {
        expect(replies[at]?.output).toBe(`heard ${textOf(replies[at]?.messages[0])}`);
        expect(exchange).toBeGreaterThan(0);
      }
      const said = (await chat.messages()).filter(({ role }) => role === 'user').map(textOf);
      expect([...said].sort()).toEqual(['a', 'b', 'c']);
      await eventually(async () => expect(await statusOf('in-order')).toBe('idle'));
      expect((await chat.state()).chat).toEqual({
        title: 'Order',
        working: null,
        queued: 0,
        finished: 3,
        closing: false,
      });
      await chat.close('enough');
      expect(await chat.result()).toMatchObject({ stopReason: 'closed', exchanges: 3, turns: 3 });
      expect(await statusOf('in-order')).toBe('completed');
    });
  });

  test('sent twice under one id is answered once, also after it continued as new', async () => {
    await temporal.during(echoes(4), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'twice', rolloverTurns: 1 });
      const first = await chat.send('a', { id: 'm-1' });
      await first.reply();
      await (await chat.send('b', { id: 'm-2' })).reply();
      const again = await temporal.holdfast.getChat('twice').send('a', { id: 'm-1' });
      expect(again.exchange).toBe(first.exchange);
      expect((await again.reply()).output).toBe('heard a');
      expect((await chat.state()).turns).toBe(2);
      const { length } = await chat.messages();
      expect(length).toBe(4);
      await chat.stop();
    });
  });

  test('keeps what is queued when it continues as new in the middle, and loses nothing', async () => {
    await temporal.during(echoes(30), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'rolls', rolloverTurns: 4 });
      const texts = Array.from({ length: 30 }, (_, at) => `m${at}`);
      const sent = [];
      for (const text of texts) sent.push(await chat.send(text));
      const replies = await Promise.all(sent.map((message) => message.reply()));
      expect(replies.map(({ output }) => output)).toEqual(texts.map((text) => `heard ${text}`));
      const said = (await chat.messages()).filter(({ role }) => role === 'user').map(textOf);
      expect(said).toEqual(texts);
      await chat.close();
      expect(await chat.result()).toMatchObject({ stopReason: 'closed', exchanges: 30, length: 60 });
    });
  });

  test('may start without a message, and closes by itself when nobody writes', async () => {
    await temporal.during(echoes(1), async () => {
      const options = { id: 'idle', input: null, chat: { idleTimeout: '700ms' } };
      const run = await temporal.holdfast.start('talker', options);
      await (await temporal.holdfast.getChat('idle').send('a')).reply();
      expect(await run.result()).toMatchObject({ stopReason: 'idle-timeout', exchanges: 1 });
      await expect(temporal.holdfast.getChat('idle').send('late')).rejects.toMatchObject({ code: 'Run.Ended' });
      await expect(temporal.holdfast.chat('talker', { id: 'idle' }).send('late')).rejects.toMatchObject({
        code: 'Run.Ended',
      });
    });
  });

  test('expires at its time whatever happens', async () => {
    await temporal.during(echoes(0), async () => {
      const run = await temporal.holdfast.start('talker', { id: 'expires', input: null, chat: { expiresAfter: 500 } });
      expect(await run.result()).toMatchObject({ stopReason: 'expired', exchanges: 0 });
    });
  });

  test('goes on after an interruption, which ends only the exchange', async () => {
    await temporal.during(contents([hanging, echo]), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'interrupted' });
      const slow = await chat.send('slow');
      await eventually(async () => expect((await chat.state()).phase).toBe('model'));
      await chat.interrupt('too slow');
      expect(await slow.reply()).toMatchObject({ stopReason: 'interrupted', output: null });
      expect((await (await chat.send('next')).reply()).output).toBe('heard next');
      await chat.stop('done');
      expect(await chat.result()).toMatchObject({ stopReason: 'stopped', detail: expect.stringContaining('done') });
    });
  });

  test('has its limits on turns and tool calls anew with every message', async () => {
    const calls: ScriptedStep = { toolCalls: [{ name: 'note', arguments: { text: 'x' } }] };
    await temporal.during(contents([calls, calls, calls, calls]), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'limits', limits: { turns: 2 } });
      for (const text of ['a', 'b']) {
        expect(await (await chat.send(text)).reply()).toMatchObject({ stopReason: 'max-turns' });
      }
      expect((await chat.state()).turns).toBe(4);
      await chat.stop();
    });
  });

  test('refuses what it cannot take, with a code, and goes on', async () => {
    await temporal.during(contents([hanging, echo]), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'refuses' });
      await chat.send('slow');
      await expect(temporal.holdfast.chat('other', { id: 'refuses' }).send('x')).rejects.toMatchObject({
        code: 'Run.AlreadyStarted',
      });
      await expect(chat.send('  ')).rejects.toMatchObject({ code: 'Input.Invalid' });
      await expect(chat.send('x'.repeat(300_000))).rejects.toMatchObject({ code: 'Input.TooLarge' });
      await Promise.all(Array.from({ length: 100 }, () => chat.send('q')));
      await expect(chat.send('one too many')).rejects.toMatchObject({ code: 'Chat.QueueFull' });
      await chat.close();
      await expect(chat.send('x')).rejects.toMatchObject({ code: 'Chat.Closed' });
      await expect(chat.close()).rejects.toMatchObject({ code: 'Control.Illegal' });
      await chat.stop();
      expect(await chat.result()).toMatchObject({ stopReason: 'stopped' });
    });
  });

  test('tells who waits for an answer that the chat ended first', async () => {
    await temporal.during(contents([hanging]), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'ends-first' });
      await chat.send('slow');
      const waiting = await chat.send('waiting');
      expect(waiting.ahead).toBe(1);
      const reply = waiting.reply();
      await chat.stop();
      await expect(reply).rejects.toMatchObject({ code: 'Run.Ended' });
    });
  });

  test('outlives an exchange that fails', async () => {
    const denied: ScriptedStep = { error: new ProviderError('Model.Auth', 'the key was refused') };
    await temporal.during(contents([denied, echo]), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'outlives' });
      await expect((await chat.send('a')).reply()).rejects.toMatchObject({ code: 'Model.Auth' });
      expect((await (await chat.send('b')).reply()).output).toBe('heard b');
      await chat.stop();
    });
  });

  test('is renamed, and says who did it', async () => {
    await temporal.during(echoes(1), async () => {
      const chat = temporal.holdfast.chat('talker', { id: 'renamed' }).as('ana');
      await (await chat.send('a')).reply();
      await chat.rename('Quarterly report', 'clearer');
      const { chat: view, actions } = await chat.state();
      expect(view?.title).toBe('Quarterly report');
      expect(actions).toMatchObject([{ action: 'rename', by: 'ana', reason: 'clearer', detail: 'Quarterly report' }]);
      await chat.stop();
    });
  });
});
