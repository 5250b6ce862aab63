import type { ChatHandle } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import type { Mount } from '../../../protocol/session';
import type { Variables } from '../../../protocol/variables';
import { Carrier } from '../carrier';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import { reportError } from '../report-error';
import { selfCommand } from '../self-command';
import { readChatLines } from './chat-lines';
import { exchange } from './exchange';
import { type ChatPlace, slashCommand } from './slash-commands';
import { orUnknown } from './variables';

export interface ChatRequest {
  agent: string;
  id?: string;
  title?: string;
  model?: string;
  budget?: number;
  mounts?: Mount[];
  idleTimeout?: number;
  /** What stands for `{{name}}`; of a chat that is there, from now on. */
  variables?: Variables;
}

/** Takes lines until they end, Ctrl-C or /quit; the chat itself goes on without us. */
export async function runChat(context: Context, request: ChatRequest): Promise<ExitCode> {
  const carrier = await Carrier.open(context, true);
  const lines = readChatLines(context.out);
  const place = placeOf(context, carrier, lines, request);
  try {
    const begun = await greet(place, request.id !== undefined);
    if (begun && request.variables) await place.chat.change({ variables: request.variables });
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

function placeOf(
  context: Context,
  carrier: Carrier,
  lines: ChatPlace['lines'],
  { agent, budget, variables = {}, ...options }: ChatRequest,
): ChatPlace {
  const given = { ...options, ...(budget !== undefined && { budgetUsd: budget }) };
  const open = (id: string | undefined, values: Variables) =>
    carrier.link.holdfast.chat(agent, { ...given, ...(id !== undefined && { id }), variables: values });
  return {
    context,
    carrier,
    lines,
    chat: open(options.id, variables),
    variables,
    beginWith(values) {
      Object.assign(this, { chat: open(this.chat.id, values), variables: values });
    },
  };
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

/** Says which chat this is, and how far one that exists has come. @returns whether it exists and goes on. */
async function greet({ context: { out }, chat, lines }: ChatPlace, named: boolean): Promise<boolean> {
  const before = named ? await stateOf(chat) : undefined;
  out.say(`chat ${out.note.bold(chat.id)}${before ? ` · ${before.chat?.finished ?? 0} messages answered so far` : ''}`);
  if (lines.interactive) out.say(out.note.dim('/help for commands, Ctrl-D leaves; the chat is kept.'));
  return before !== undefined && before.stopReason === null;
}

function stateOf(chat: ChatHandle) {
  return orUnknown(() => chat.state());
}

async function left({ context, chat }: ChatPlace): Promise<void> {
  const { out, env, placeFlags } = context;
  const state = await stateOf(chat);
  if (state && state.stopReason === null) {
    out.say(`The chat is kept. Come back: ${selfCommand(env)} chat ${state.agent} --id ${chat.id}${placeFlags}`);
  }
}
