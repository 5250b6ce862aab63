import type { ChatHandle } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import type { Mount } from '../../../protocol/session';
import { Carrier } from '../carrier';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import { reportError } from '../report-error';
import { selfCommand } from '../self-command';
import { readChatLines } from './chat-lines';
import { exchange } from './exchange';
import { type ChatPlace, slashCommand } from './slash-commands';

export interface ChatRequest {
  agent: string;
  id?: string;
  title?: string;
  model?: string;
  budget?: number;
  mounts?: Mount[];
  idleTimeout?: number;
}

/** Takes lines until they end, Ctrl-C or /quit; the chat itself goes on without us. */
export async function runChat(context: Context, request: ChatRequest): Promise<ExitCode> {
  const carrier = await Carrier.open(context, true);
  const { agent, budget, ...options } = request;
  const chat = carrier.link.holdfast.chat(agent, { ...options, ...(budget !== undefined && { budgetUsd: budget }) });
  const lines = readChatLines(context.out);
  const place: ChatPlace = { context, carrier, chat, lines };
  try {
    await greet(place, request.id !== undefined);
    let code: ExitCode = EXIT.done;
    for await (const line of lines) {
      code = await answer(place, line);
      if (code !== EXIT.done && !lines.interactive) break;
    }
    await left(place);
    return code;
  } finally {
    lines.close();
    await carrier.close();
  }
}

/** One line: a command, or a message and its answer. What fails is told; on a terminal one can go on. */
async function answer(place: ChatPlace, line: string): Promise<ExitCode> {
  const { context, lines } = place;
  try {
    if (lines.interactive && line.startsWith('/')) await slashCommand(place, line);
    else await exchange(place, line);
    return EXIT.done;
  } catch (error) {
    if (!HoldfastError.is(error)) throw error;
    return reportError(error, context.out);
  }
}

/** Says which chat this is, and how far one that exists has come. */
async function greet({ context: { out }, chat, lines }: ChatPlace, named: boolean): Promise<void> {
  const before = named ? await stateOf(chat) : undefined;
  out.say(`chat ${out.note.bold(chat.id)}${before ? ` · ${before.chat?.finished ?? 0} messages answered so far` : ''}`);
  if (lines.interactive) out.say(out.note.dim('/help for commands, Ctrl-D leaves; the chat is kept.'));
}

async function stateOf(chat: ChatHandle) {
  try {
    return await chat.state();
  } catch (error) {
    if (HoldfastError.is(error) && error.code === 'Run.Unknown') return undefined;
    throw error;
  }
}

async function left({ context, chat }: ChatPlace): Promise<void> {
  const { out, env, placeFlags } = context;
  const state = await stateOf(chat);
  if (state && state.stopReason === null) {
    out.say(`The chat is kept. Come back: ${selfCommand(env)} chat ${state.agent} --id ${chat.id}${placeFlags}`);
  }
}
