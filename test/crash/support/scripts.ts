import type { Message, ToolMessage } from '../../../protocol/messages';

/** What the scripted model does in one turn: calls, or an answer. */
export interface Step {
  text?: string;
  calls?: { id: string; name: string; arguments: unknown }[];
  /** How long the model thinks. */
  delayMs?: number;
}

/** The input of a session in these tests; the model reads its script from it. */
export interface Plan {
  script: ScriptName;
  /** Turns of `long`. */
  turns?: number;
  /** Characters of each result of `long`; milliseconds of the one slow step of `waiting`. */
  size?: number;
  /** Milliseconds of each model call of `long`. */
  pace?: number;
  /** Which step of `waiting` is slow. */
  slow?: 'model' | 'store' | 'publish';
  /** False leaves the digests of the messages out of the ledger. */
  hashed?: boolean;
}

type Script = (turn: number, messages: readonly Message[], plan: Plan) => Step;
export type ScriptName = 'standard' | 'waiting' | 'long' | 'oversize' | 'chat' | 'simple' | 'steps' | 'effects';

/** The plan as the first message says it. */
export function planOf(messages: readonly Message[]): Plan {
  const first = messages[0];
  const part = first?.role === 'user' ? first.content[0] : undefined;
  return JSON.parse(part?.type === 'text' ? part.text : '{}') as Plan;
}

/** The turn this request is for. By the last call's id, because older messages may have been dropped. */
export function turnOf(messages: readonly Message[]): number {
  for (const message of messages.toReversed()) {
    if (message.role !== 'assistant') continue;
    const call = message.content.find((part) => part.type === 'tool-call');
    const told = message.content.map((part) =>
      part.type === 'text' ? /\(turn (\d+)\)$/.exec(part.text)?.[1] : undefined,
    );
    if (!call && told[0] !== undefined) return Number(told[0]) + 1;
    return Number(/^c(\d+)-/.exec(call?.type === 'tool-call' ? call.id : '')?.[1] ?? 0) + 1;
  }
  return 1;
}

function calls(turn: number, ...given: [name: string, args: unknown][]): Step {
  return { calls: given.map(([name, args], index) => ({ id: `c${turn}-${index + 1}`, name, arguments: args })) };
}

/** All tool results, in order, for answers that depend on every one of them. What a `once` tool came to is told apart. */
function account(messages: readonly Message[]): string {
  const results = messages.filter((message): message is ToolMessage => message.role === 'tool');
  const certain = results.filter(({ name }) => name !== 'publish');
  const published = results.filter(({ name }) => name === 'publish').map(({ outcome }) => outcome);
  const told = certain.map(({ callId, outcome, content }) => `${callId}=${outcome}:${content.length}:${sum(content)}`);
  return `${told.join(' ')} | published: ${published.join(', ') || 'nothing'}`;
}

function sum(text: string): number {
  let total = 7;
  for (let at = 0; at < text.length; at++) total = (total * 31 + text.charCodeAt(at)) % 1_000_003;
  return total;
}

/** Every class of tool, alone and together; quick reads that ride along, over a roll-over too; a large result. */
const standard: Script = (turn, messages) => {
  switch (turn) {
    case 1:
      return {
        text: 'First the list.',
        ...calls(1, ['todo', { items: [{ text: 'look' }, { text: 'store' }] }], ['look', { item: 'a' }]),
      };
    case 2:
      return calls(2, ['store', { item: 'b' }], ['store', { item: 'c' }], ['peek', { item: 'd' }]);
    case 3:
      return calls(3, ['peek', { item: 'e' }], ['peek', { item: 'f' }]);
    case 4:
      return { delayMs: 900, ...calls(4, ['publish', { item: 'g' }], ['store', { item: 'h' }]) };
    case 5:
      return calls(5, ['emit', { bytes: 100_000 }], ['look', { item: 'i' }], ['peek', { item: 'j' }]);
    default:
      return { text: account(messages) };
  }
};

/** One slow step of a chosen kind between quick ones. */
const waiting: Script = (turn, messages, { slow = 'model', size = 3_000 }) => {
  if (turn === 1) return calls(1, ['store', { item: 'before' }]);
  if (turn === 2 && slow !== 'model') return calls(2, [slow, { item: 'slow', ms: size }]);
  if (turn === 2) return { delayMs: size, ...calls(2, ['store', { item: 'after' }]) };
  return { text: account(messages) };
};

/** A quick read of a given size every turn. */
const long: Script = (turn, _messages, { turns = 10, size = 2_000, pace = 0 }) => {
  if (turn >= turns) return { text: `all ${turns} turns done` };
  return { delayMs: pace, text: `Step ${turn}.`, ...calls(turn, ['peek', { item: `n${turn}`, bytes: size }]) };
};

export const LARGE = 300_000;
export const OUTPUTS = [1_900_000, 2_200_000, 5_000_000, 50_000_000];

/** Large results, then a large text, large arguments, a look into each result, and a large answer. */
const oversize: Script = (turn, messages) => {
  const bytes = OUTPUTS[turn - 1];
  if (bytes !== undefined) return calls(turn, ['emit', { bytes }]);
  if (turn === 5) return calls(5, ['endless', {}]);
  if (turn === 6) return { text: 'long text. '.repeat(LARGE / 11), ...calls(6, ['peek', { item: 'k' }]) };
  if (turn === 7) return calls(7, ['store', { item: 'x'.repeat(LARGE) }]);
  if (turn === 8) return calls(8, ...artifactsIn(messages).map((id) => readAt(id)));
  return { text: 'long answer '.repeat(LARGE / 12) };
};

function readAt(id: string): [string, unknown] {
  return ['artifact_read', { id, offset: 1_800_000, length: 4_000 }];
}

/** The ids the model reads in shortened results. */
function artifactsIn(messages: readonly Message[]): string[] {
  return messages.flatMap((message) => {
    const id = message.role === 'tool' ? /"(sha256:[0-9a-f]{64})"/.exec(message.content)?.[1] : undefined;
    return id ? [id] : [];
  });
}

/** Two acts that must not happen twice: one that can be looked up, and one that cannot. */
const effects: Script = (turn) => {
  if (turn > 1) return { text: 'both were done' };
  return calls(1, ['deliver', { item: 'a' }], ['publish', { item: 'b' }]);
};

/**
 * Keeps what was said with a tool, then says it back. Answers tell their turn, because several are in one conversation. `think 3000 …` is
 * thought about for so many milliseconds, `slow 3000 …` kept for so long.
 */
const chat: Script = (turn, messages) => {
  const at = messages.findLastIndex((message) => message.role === 'user' && !textOf(message).startsWith('psst'));
  const text = textOf(messages[at]);
  const kept = messages.slice(at).some(({ role }) => role === 'tool');
  if (kept) return { text: `heard ${text} (turn ${turn})` };
  const [, thinking, storing] = /^(?:think (\d+)|slow (\d+)) /.exec(text) ?? [];
  return {
    ...(thinking !== undefined && { delayMs: Number(thinking) }),
    ...calls(turn, ['store', { item: text, ...(storing !== undefined && { ms: Number(storing) }) }]),
  };
};

function textOf(message: Message | undefined): string {
  const part = message?.role === 'user' ? message.content[0] : undefined;
  return part?.type === 'text' ? part.text : '';
}

/** One step. */
const simple: Script = () => ({ text: 'done' });

/** Ten model calls with nine tool calls between them, five of which are activities. */
const steps: Script = (turn, messages) => {
  if (turn === 10) return { text: account(messages) };
  return calls(turn, [turn % 2 === 1 ? 'store' : 'peek', { item: `s${turn}` }]);
};

export const SCRIPTS: Record<ScriptName, Script> = { standard, waiting, long, oversize, chat, simple, steps, effects };
