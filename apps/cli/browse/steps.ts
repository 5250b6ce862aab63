import type { CallFigures } from '../../../client';
import type { AssistantMessage, Message, ToolCallPart, ToolMessage, UserMessage } from '../../../protocol/messages';

/** One step of a run: what was said to the agent, what it said, or a tool call with its result. */
export interface RunStep extends Partial<CallFigures> {
  /** Counted from 1, over the whole run. */
  step: number;
  kind: 'input' | 'summary' | 'turn' | 'tool';
  /** Position of its message in the transcript. */
  position: number;
  /** Model calls up to here. */
  turn: number;
  /** Who wrote an input, where that is known. */
  by?: string;
  /** Of a tool call. */
  name?: string;
  arguments?: unknown;
  /** Of a tool call; none while it has no result. */
  outcome?: string;
  /** What was said, or what the tool answered. */
  text: string;
  /** Where all of it is kept when `text` is its beginning. */
  artifact?: string;
}

type Unnumbered = Omit<RunStep, 'step'>;

/** A conversation step by step, with what the history knows of each. */
export function stepsOf(messages: readonly Message[], figures: ReadonlyMap<string, CallFigures>): RunStep[] {
  const results = new Map<string, { message: ToolMessage; turn: number }>();
  let turn = 0;
  const known = (mark: string | undefined): Partial<CallFigures> => (mark === undefined ? {} : figures.get(mark)) ?? {};
  for (const message of messages) {
    if (message.role === 'assistant') turn++;
    // Vendors number calls anew: the same id may come again in another turn.
    if (message.role === 'tool') results.set(`${turn} ${message.callId}`, { message, turn });
  }
  turn = 0;
  const steps = messages.flatMap((message, position): Unnumbered[] => {
    if (message.role === 'tool') return [];
    if (message.role === 'user') return [inputStep(message, position, turn, known(message.mark))];
    turn++;
    const calls = message.content.filter((part) => part.type === 'tool-call');
    return [
      { kind: 'turn', position, turn, ...said(message), ...known(message.mark) },
      ...calls.map((call): Unnumbered => {
        const result = results.get(`${turn} ${call.id}`)?.message;
        return { ...toolStep(call, result), position, turn, ...known(result?.mark) };
      }),
    ];
  });
  return steps.map((step, at) => ({ step: at + 1, ...step }));
}

function inputStep(message: UserMessage, position: number, turn: number, figures: Partial<CallFigures>): Unnumbered {
  const { by, summary } = message;
  return { kind: summary ? 'summary' : 'input', position, turn, ...(by && { by }), ...said(message), ...figures };
}

function toolStep(call: ToolCallPart, result: ToolMessage | undefined): Omit<Unnumbered, 'position' | 'turn'> {
  const { name, malformed, artifact } = call;
  const args = artifact ? { artifact: artifact.id } : (malformed ?? call.arguments);
  return {
    kind: 'tool',
    name,
    ...(args !== undefined && { arguments: args }),
    ...(result && { outcome: result.outcome }),
    text: result?.content ?? '',
    ...(result?.artifact && { artifact: result.artifact.id }),
  };
}

function said({ content }: AssistantMessage | UserMessage): Pick<RunStep, 'text' | 'artifact'> {
  const texts = content.map((part) => {
    if (part.type === 'text') return part.text;
    if (part.type === 'image') return `[image ${part.mediaType}]`;
    return part.type === 'file' ? `[file ${part.name}]` : '';
  });
  const artifact = content.find((part) => part.type === 'text' && part.artifact)?.artifact;
  return { text: texts.filter(Boolean).join('\n'), ...(artifact && { artifact: artifact.id }) };
}

/** Whether a step has the text anywhere in it, whatever the case. */
export function hasText(
  { name = '', text, arguments: args, outcome = '', model = '' }: RunStep,
  sought: string,
): boolean {
  const all = [name, outcome, model, text, args === undefined ? '' : JSON.stringify(args)].join('\n');
  return all.toLowerCase().includes(sought.toLowerCase());
}
