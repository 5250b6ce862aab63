import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { AssistantPart } from '../../protocol/messages';
import { AnswerSize, cutStream, finishOf, isWholeJson, toolCall, withoutEmptyText, withUniqueIds } from './answer';
import { type ModelCall, ProviderError } from './provider';

type Choice = ChatCompletionChunk.Choice;
/** Compatible servers send reasoning under one of two names. */
type Delta = Choice['delta'] & { reasoning_content?: string | null; reasoning?: unknown };
type ToolDelta = NonNullable<Delta['tool_calls']>[number];

interface OpenCall {
  index: number | undefined;
  id: string;
  name: string;
  text: string;
}

const SAID: Record<string, 'end' | 'length' | 'refusal'> = { length: 'length', content_filter: 'refusal' };

/** An answer put together from chat chunks. */
export class ChatAnswer {
  private readonly size: AnswerSize;
  private readonly calls: OpenCall[] = [];
  private text = '';
  private refusal = '';
  private reasoning = '';
  private finished: string | undefined;

  constructor(
    private readonly provider: string,
    private readonly call: ModelCall,
    maxChars: number | undefined,
  ) {
    this.size = new AnswerSize(maxChars);
  }

  /** @throws ProviderError `Model.BadResponse` when something follows the end, `Model.AnswerTooLong`. */
  add({ delta, finish_reason }: Choice): void {
    if (delta) this.addDelta(delta);
    if (finish_reason) this.finished = finish_reason;
  }

  private addDelta(delta: Delta): void {
    const text = delta.content ?? '';
    const refusal = delta.refusal ?? '';
    const reasoning = delta.reasoning_content ?? (typeof delta.reasoning === 'string' ? delta.reasoning : '');
    const calls = delta.tool_calls ?? [];
    if (!text && !refusal && !reasoning && calls.length === 0) return;
    if (this.finished)
      throw new ProviderError('Model.BadResponse', `${this.provider}: the answer went on after its end`);
    this.text += text;
    this.refusal += refusal;
    this.reasoning += reasoning;
    this.size.add(text + refusal + reasoning);
    if (reasoning) this.call.onDelta?.({ type: 'reasoning', text: reasoning });
    if (text || refusal) this.call.onDelta?.({ type: 'text', text: text || refusal });
    for (const part of calls) this.addCall(part);
  }

  private addCall(part: ToolDelta): void {
    const { name = '', arguments: text = '' } = part.function ?? {};
    this.size.add(text);
    let open = this.openCall(part);
    if (!open) {
      open = { index: part.index, id: part.id ?? '', name: '', text: '' };
      this.calls.push(open);
      this.call.onDelta?.({ type: 'tool-call', name });
    }
    open.name ||= name;
    open.text += text;
  }

  /** The call a chunk goes on with. Some servers leave out the index, or number every call 0 and tell them apart by id. */
  private openCall({ index, id }: ToolDelta): OpenCall | undefined {
    const sameId = id ? this.calls.find((call) => call.id === id && call.index === index) : undefined;
    if (sameId) return sameId;
    const last = this.calls.findLast((call) => call.index === index);
    return last && (!id || !last.id) ? last : undefined;
  }

  /** @throws ProviderError `Model.BadResponse` when the vendor never said why it stopped. */
  end(): { content: AssistantPart[]; finish: ReturnType<typeof finishOf> } {
    if (!this.finished) throw cutStream(this.provider);
    const said = this.refusal ? 'refusal' : (SAID[this.finished] ?? 'end');
    const content = withUniqueIds(
      withoutEmptyText([
        ...(this.reasoning ? [{ type: 'reasoning' as const, provider: this.provider, text: this.reasoning }] : []),
        { type: 'text', text: this.text + this.refusal },
        ...this.completeCalls(said).map(({ id, name, text }) => toolCall(id, name, text)),
      ]),
    );
    return { content, finish: finishOf(content, said) };
  }

  /** A call that was being written when the limit came is no call; neither is any of a refused answer. */
  private completeCalls(said: 'end' | 'length' | 'refusal'): OpenCall[] {
    if (said === 'refusal') return [];
    return said === 'length' ? this.calls.filter(({ text }) => text.trim() !== '' && isWholeJson(text)) : this.calls;
  }
}
