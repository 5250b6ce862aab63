import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import { type ModelCall, ProviderError } from './provider';
import { VendorAnswer } from './vendor-answer';

type Choice = ChatCompletionChunk.Choice;
/** Compatible servers send reasoning under one of two names. */
type Delta = Choice['delta'] & { reasoning_content?: string | null; reasoning?: unknown };
type ToolDelta = NonNullable<Delta['tool_calls']>[number];

/** What a call goes by in the chunks. */
interface CallKey {
  index: number | undefined;
  id: string;
}

const SAID: Record<string, 'end' | 'length' | 'refusal'> = { length: 'length', content_filter: 'refusal' };

/** An answer put together from chat chunks. */
export class ChatAnswer {
  private readonly answer: VendorAnswer;
  private readonly calls: CallKey[] = [];
  private refused = false;
  private finished: string | undefined;

  constructor(
    private readonly provider: string,
    call: ModelCall,
    maxChars: number | undefined,
  ) {
    this.answer = new VendorAnswer(provider, call, maxChars);
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
    this.refused ||= refusal !== '';
    this.answer.reasoning(reasoning);
    this.answer.text(text + refusal);
    for (const part of calls) {
      const { name = '', arguments: piece = '' } = part.function ?? {};
      this.answer.toolCall(this.keyOf(part), { id: part.id ?? '', name, text: piece });
    }
  }

  /** The call a chunk goes on with. Some servers leave out the index, or number every call 0 and tell them apart by id. */
  private keyOf({ index, id = '' }: ToolDelta): CallKey {
    const sameId = id ? this.calls.find((call) => call.id === id && call.index === index) : undefined;
    const last = this.calls.findLast((call) => call.index === index);
    const known = sameId ?? (last && (!id || !last.id) ? last : undefined);
    if (known) return known;
    const key = { index, id };
    this.calls.push(key);
    return key;
  }

  /** @throws ProviderError `Model.BadResponse` when the vendor never said why it stopped. */
  end(): ReturnType<VendorAnswer['end']> {
    const said = this.refused ? 'refusal' : (SAID[this.finished ?? ''] ?? 'end');
    return this.answer.end(this.finished ? said : undefined);
  }
}
