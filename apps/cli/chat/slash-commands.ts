import type { ChatHandle } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import type { Message } from '../../../protocol/messages';
import type { Variables } from '../../../protocol/variables';
import type { Carrier } from '../carrier';
import type { Context } from '../context';
import { escapeLine, escapeText } from '../escape';
import { totalsOf } from '../follow/follow-run';
import { totalsText } from '../follow/progress-lines';
import type { ChatLines } from './chat-lines';
import { setVariable, showVariables, unsetVariable } from './variables';

/** Where a chat is held. */
export interface ChatPlace {
  context: Context;
  carrier: Carrier;
  chat: ChatHandle;
  lines: ChatLines;
  /** What a chat that has not begun begins with. */
  readonly variables: Variables;
  beginWith(variables: Variables): void;
}

interface SlashCommand {
  usage: string;
  does: string;
  run(place: ChatPlace, argument: string): Promise<void>;
}

const HISTORY = 10;

const COMMANDS: Record<string, SlashCommand> = {
  help: { usage: '/help', does: 'this list', run: async ({ context: { out } }) => out.say(helpText()) },
  status: { usage: '/status', does: 'what the agent does, and what the chat has used', run: status },
  history: { usage: '/history [N]', does: `the last N messages (${HISTORY})`, run: history },
  steer: {
    usage: '/steer TEXT',
    does: 'tell the agent something while it works',
    run: ({ chat }, text) => chat.steer(text),
  },
  interrupt: {
    usage: '/interrupt',
    does: 'end the answer in progress (Ctrl-C does too)',
    run: ({ chat }) => chat.interrupt(),
  },
  pause: { usage: '/pause', does: 'start nothing new until /resume', run: ({ chat }) => chat.pause() },
  resume: { usage: '/resume', does: 'end a pause', run: ({ chat }) => chat.resume() },
  model: {
    usage: '/model PROVIDER/MODEL',
    does: 'another model from the next call on; the conversation is kept',
    run: ({ chat }, model) => chat.change({ model }),
  },
  budget: {
    usage: '/budget USD',
    does: 'what the whole chat may cost',
    run: ({ chat }, usd) => chat.change({ limits: { costUsd: Number(usd) } }),
  },
  set: {
    usage: '/set NAME VALUE',
    does: 'what stands for {{NAME}} in instructions and messages from now on',
    run: setVariable,
  },
  unset: {
    usage: '/unset NAME',
    does: 'takes a variable away',
    run: unsetVariable,
  },
  vars: { usage: '/vars', does: 'the variables of the chat', run: showVariables },
  rename: { usage: '/rename TITLE', does: 'give the chat a title', run: ({ chat }, title) => chat.rename(title) },
  close: {
    usage: '/close',
    does: 'end the chat once all messages are answered',
    run: async ({ chat, lines }) => {
      await chat.close();
      lines.close();
    },
  },
  quit: { usage: '/quit', does: 'leave; the chat is kept (Ctrl-D does too)', run: async ({ lines }) => lines.close() },
};

/** @throws HoldfastError what the session refuses; `Input.Invalid` for a command there is not. */
export async function slashCommand(place: ChatPlace, line: string): Promise<void> {
  const [, name = '', argument = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
  const command = COMMANDS[name];
  if (!command) {
    throw new HoldfastError('Input.Invalid', `there is no command /${name}`, { hint: '/help lists those there are.' });
  }
  await command.run(place, argument.trim());
}

function helpText(): string {
  const width = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length));
  return Object.values(COMMANDS)
    .map(({ usage, does }) => `  ${usage.padEnd(width)}  ${does}`)
    .join('\n');
}

async function status({ context: { out }, chat }: ChatPlace): Promise<void> {
  const state = await chat.state();
  const { title, finished = 0, queued = 0 } = state.chat ?? {};
  const about = [
    title && escapeLine(title),
    `${state.agent} · ${escapeLine(state.model ?? 'no answer yet')}`,
    state.status,
  ];
  out.say(`  ${about.filter(Boolean).join(' · ')}`);
  out.say(`  ${finished} answered, ${queued} waiting · ${totalsText(totalsOf(state))}`);
}

async function history({ context: { out }, chat }: ChatPlace, argument: string): Promise<void> {
  const count = /^\d+$/.test(argument) ? Number(argument) : HISTORY;
  const { length } = await chat.state();
  const from = Math.max(0, length - count);
  for (const [at, message] of (await chat.messages(from)).entries()) out.say(`  ${from + at + 1} ${lineOf(message)}`);
}

function lineOf(message: Message): string {
  if (message.role === 'tool') return `${escapeLine(message.name, 64)}: ${escapeLine(message.content, 160)}`;
  const text = message.content.map((part) =>
    part.type === 'text' ? part.text : part.type === 'tool-call' ? `→ ${part.name} ` : '',
  );
  return `${message.role === 'user' ? 'you' : 'agent'}: ${escapeText(text.join('')).slice(0, 400)}`;
}
