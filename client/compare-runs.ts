import type { ComparedMessage, ComparedRun, Comparison } from '../protocol/comparison';
import { canonicalJson } from '../protocol/json';
import type { Message } from '../protocol/messages';
import type { RunHandle } from './run-handle';
import type { RunSummary } from './run-list';

/** What is compared of one run. */
export interface Side {
  run: RunHandle;
  summary: RunSummary;
}

/** Messages that are asked for at once: most runs part early. */
const STRETCH = 100;

/**
 * Two runs side by side, up to the first message in which they part. Not compared is what a vendor makes up: ids of calls, reasoning,
 * signatures; nor who wrote a message.
 */
export async function compareRuns(left: Side, right: Side): Promise<Comparison> {
  const runs = [await figuresOf(left), await figuresOf(right)] as [ComparedRun, ComparedRun];
  const longer = Math.max(...runs.map(({ messages }) => messages));
  for (let from = 0; from < longer; from += STRETCH) {
    const pages = await Promise.all(
      [left, right].map(({ run }, at) => seen(run, from, Math.min(from + STRETCH, runs[at]?.messages ?? 0))),
    );
    const [ours = [], theirs = []] = pages;
    for (let at = 0; at < Math.max(ours.length, theirs.length); at++) {
      const messages: [ComparedMessage | null, ComparedMessage | null] = [ours[at] ?? null, theirs[at] ?? null];
      if (canonicalJson(messages[0]) === canonicalJson(messages[1])) continue;
      return { runs, common: from + at, different: { position: from + at, messages } };
    }
  }
  return { runs, common: longer, different: null };
}

async function seen(run: RunHandle, from: number, to: number): Promise<ComparedMessage[]> {
  return to > from ? (await run.messages(from, to)).map(comparedMessage) : [];
}

async function figuresOf({ run, summary }: Side): Promise<ComparedRun> {
  const state = await run.state();
  const { agent, revision, model, status, stopReason, failure, turns, toolCalls, usage } = state;
  const { costUsd, costIncomplete, simulated, length } = state;
  const { startedAt, closedAt } = summary;
  return {
    id: run.id,
    agent,
    revision,
    model,
    status,
    stopReason,
    failure: failure?.code ?? null,
    turns,
    toolCalls,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    costUsd,
    costIncomplete,
    simulated,
    messages: length,
    startedAt: startedAt.toISOString(),
    ms: closedAt ? closedAt.getTime() - startedAt.getTime() : null,
  };
}

/** A message as it is compared. */
export function comparedMessage(message: Message): ComparedMessage {
  if (message.role === 'tool') {
    const { name, outcome, content } = message;
    return { role: 'tool', text: content, calls: [], tool: name, outcome };
  }
  const said = message.content.map((part) => {
    if (part.type === 'text') return part.text;
    if (part.type === 'image') return `[image ${part.mediaType}]`;
    return part.type === 'file' ? `[file ${part.name}]` : '';
  });
  const calls = message.content.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ name: part.name, arguments: part.malformed ?? part.artifact?.id ?? part.arguments ?? null }]
      : [],
  );
  return { role: message.role, text: said.filter(Boolean).join('\n'), calls, tool: null, outcome: null };
}
