import type { FinishReason } from '../../protocol/activities';
import type { AssistantMessage, AssistantPart } from '../../protocol/messages';
import { AnswerSize, cutStream, finishOf, isWholeJson, toolCall, withoutEmptyText, withUniqueIds } from './answer';
import type { ModelCall } from './provider';

/** A piece of a tool call; what the vendor leaves out of it is left out. */
export interface CallPiece {
  id?: string | undefined;
  name?: string | undefined;
  /** More of the arguments' JSON. */
  text?: string | undefined;
}

/** Why the vendor says it stopped; undefined when it never said so. */
export type SaidEnd = 'end' | 'length' | 'refusal' | undefined;

/**
 * An answer put together from what a vendor streams, under the rules all adapters share.
 *
 * @example
 * ```ts
 * import { type ModelCall, type SaidEnd, VendorAnswer, type VendorClient } from 'holdfast/provider';
 *
 * export async function ask(client: VendorClient, body: object, call: ModelCall) {
 *   const answer = new VendorAnswer(client.name, call);
 *   let said: SaidEnd;
 *   await client.stream('/chat', body, call, ({ event, data }) => {
 *     if (event === 'text') answer.text(data);
 *     if (event === 'end') said = data === 'max_tokens' ? 'length' : 'end';
 *   });
 *   return answer.end(said); // without its end it is an error, never a short answer
 * }
 * ```
 */
export class VendorAnswer {
  private readonly size: AnswerSize;
  private readonly calls = new Map<unknown, Required<{ [K in keyof CallPiece]: string }>>();
  private said = '';
  private thought = '';

  /** @param maxChars characters after which it is aborted. Default 1,000,000. */
  constructor(
    private readonly provider: string,
    private readonly call: ModelCall,
    maxChars?: number,
  ) {
    this.size = new AnswerSize(maxChars);
  }

  /**
   * More of the answer's text.
   * @throws ProviderError `Model.AnswerTooLong`, like the two below.
   */
  text(text: string): void {
    this.size.add(text);
    this.said += text;
    if (text) this.call.onDelta?.({ type: 'text', text });
  }

  /** More of its reasoning. @throws as `text`. */
  reasoning(text: string): void {
    this.size.add(text);
    this.thought += text;
    if (text) this.call.onDelta?.({ type: 'reasoning', text });
  }

  /**
   * A tool call that begins, or more of one. @throws as `text`.
   * @param key what tells this call from the others of the answer, e.g. the vendor's index.
   */
  toolCall(key: unknown, { id = '', name = '', text = '' }: CallPiece): void {
    this.size.add(text);
    let open = this.calls.get(key);
    if (!open) {
      open = { id, name: '', text: '' };
      this.calls.set(key, open);
      this.call.onDelta?.({ type: 'tool-call', name });
    }
    open.name ||= name;
    open.text += text;
  }

  /**
   * The whole answer, once nothing more comes. A tool call that was cut off by a limit is left out.
   * @throws ProviderError `Model.BadResponse` when the vendor never said why it stopped.
   */
  end(said: SaidEnd): { message: AssistantMessage; finish: FinishReason } {
    if (!said) throw cutStream(this.provider);
    const { provider, thought } = this;
    const parts: AssistantPart[] = [
      ...(thought ? [{ type: 'reasoning' as const, provider, text: thought }] : []),
      { type: 'text', text: this.said },
      ...this.completeCalls(said).map(({ id, name, text }) => toolCall(id, name, text)),
    ];
    const content = withUniqueIds(withoutEmptyText(parts));
    return { message: { role: 'assistant', content }, finish: finishOf(content, said) };
  }

  /** A call that was being written when the limit came is no call; neither is any of a refused answer. */
  private completeCalls(said: SaidEnd) {
    const calls = [...this.calls.values()];
    if (said === 'refusal') return [];
    return said === 'length' ? calls.filter(({ text }) => text.trim() !== '' && isWholeJson(text)) : calls;
  }
}
