import type { Message } from './messages';

/**
 * Why a conversation cannot be taken up after these messages; undefined when it can. Vendors refuse a tool call without its
 * result, so a fork keeps both or neither.
 */
export function forkProblem(kept: readonly Message[], hasInput: boolean): string | undefined {
  const lastReply = kept.findLastIndex((message) => message.role === 'assistant');
  const reply = kept[lastReply];
  const calls = reply?.role === 'assistant' ? reply.content.filter((part) => part.type === 'tool-call') : [];
  const answered = kept.length - 1 - lastReply;
  if (calls.length > 0 && answered < calls.length) {
    return `position ${kept.length} lies between a tool call and its result; take ${lastReply} or ${lastReply + 1 + calls.length}`;
  }
  if (!hasInput && kept.at(-1)?.role === 'assistant') {
    return `the message before position ${kept.length} is an answer: give an input to go on with`;
  }
  return undefined;
}
