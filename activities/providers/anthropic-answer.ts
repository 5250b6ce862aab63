import type { ContentBlock, RawMessageStreamEvent, StopReason } from '@anthropic-ai/sdk/resources/messages';
import type { AssistantPart } from '../../protocol/messages';
import type { Usage } from '../../protocol/usage';
import { AnswerSize, cutStream, finishOf, isWholeJson, toolCall, withoutEmptyText, withUniqueIds } from './answer';
import { type ModelCall, type ModelReply, ProviderError } from './provider';

/** A content block while it arrives; `json` holds a tool call's arguments. */
interface OpenBlock {
  block: ContentBlock;
  json: string;
  closed: boolean;
}

type ReportedUsage = Partial<
  Record<'input_tokens' | 'output_tokens' | 'cache_read_input_tokens' | 'cache_creation_input_tokens', number | null>
> & {
  output_tokens_details?: { thinking_tokens?: number } | null;
};

const SAID: Partial<Record<StopReason, 'length' | 'refusal'>> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refusal',
};

/** An answer put together from the Messages API's events. */
export class AnthropicAnswer {
  private readonly size: AnswerSize;
  private readonly blocks: (OpenBlock | undefined)[] = [];
  private model: string | undefined;
  private usage: ReportedUsage = {};
  private stop: StopReason | null = null;
  private explanation: string | undefined;
  private ended = false;

  constructor(
    private readonly provider: string,
    private readonly call: ModelCall,
    maxChars: number | undefined,
  ) {
    this.size = new AnswerSize(maxChars);
  }

  /** @throws ProviderError `Model.BadResponse` for events out of order, `Model.AnswerTooLong`. */
  add(event: RawMessageStreamEvent): void {
    switch (event.type) {
      case 'message_start':
        this.model = event.message.model;
        this.report(event.message.usage);
        return;
      case 'content_block_start':
        if (this.ended || this.blocks[event.index]) throw this.disorder();
        this.blocks[event.index] = { block: { ...event.content_block }, json: '', closed: false };
        if (event.content_block.type === 'tool_use') {
          this.call.onDelta?.({ type: 'tool-call', name: event.content_block.name });
        }
        return;
      case 'content_block_delta':
        this.addDelta(this.open(event.index), event.delta);
        return;
      case 'content_block_stop':
        this.open(event.index).closed = true;
        return;
      case 'message_delta':
        this.stop = event.delta.stop_reason ?? this.stop;
        this.explanation = event.delta.stop_details?.explanation ?? this.explanation;
        this.report(event.usage);
        return;
      case 'message_stop':
        this.ended = true;
    }
  }

  private addDelta(
    open: OpenBlock,
    delta: Extract<RawMessageStreamEvent, { type: 'content_block_delta' }>['delta'],
  ): void {
    const { block } = open;
    if (delta.type === 'text_delta' && block.type === 'text') {
      this.size.add(delta.text);
      block.text += delta.text;
      this.call.onDelta?.({ type: 'text', text: delta.text });
    } else if (delta.type === 'thinking_delta' && block.type === 'thinking') {
      this.size.add(delta.thinking);
      block.thinking += delta.thinking;
      this.call.onDelta?.({ type: 'reasoning', text: delta.thinking });
    } else if (delta.type === 'signature_delta' && block.type === 'thinking') block.signature += delta.signature;
    else if (delta.type === 'input_json_delta') {
      this.size.add(delta.partial_json);
      open.json += delta.partial_json;
    } else if (delta.type !== 'citations_delta') throw this.disorder();
  }

  private open(index: number): OpenBlock {
    const open = this.blocks[index];
    if (!open || open.closed || this.ended) throw this.disorder();
    return open;
  }

  private report(usage: ReportedUsage | null | undefined): void {
    for (const [key, value] of Object.entries(usage ?? {})) {
      if (value !== null && value !== undefined) Object.assign(this.usage, { [key]: value });
    }
  }

  private disorder(): ProviderError {
    return new ProviderError('Model.BadResponse', `${this.provider}: the answer’s events are out of order`);
  }

  /** @throws ProviderError `Model.BadResponse` when the vendor never said that the message is complete. */
  end(requested: string): ModelReply {
    if (!this.ended || !this.stop) throw cutStream(this.provider);
    const said = SAID[this.stop] ?? 'end';
    const blocks = this.blocks.filter((open) => open !== undefined);
    if (said === 'end' && blocks.some((open) => !open.closed)) throw cutStream(this.provider);
    const parts = blocks.flatMap((open) => this.partOf(open, said));
    const content = withUniqueIds(withoutEmptyText(parts));
    if (said === 'refusal' && this.explanation && !content.some((part) => part.type === 'text')) {
      content.push({ type: 'text', text: this.explanation });
    }
    return {
      message: { role: 'assistant', content },
      finish: finishOf(content, said),
      usage: usageOf(this.usage),
      model: this.model ?? requested,
    };
  }

  private partOf({ block, json, closed }: OpenBlock, said: 'end' | 'length' | 'refusal'): AssistantPart[] {
    const { provider } = this;
    switch (block.type) {
      case 'text':
        return [{ type: 'text', text: block.text }];
      case 'thinking':
        // Without its signature it cannot be sent back; the vendor signs last.
        return [
          { type: 'reasoning', provider, text: block.thinking, ...(block.signature && { signature: block.signature }) },
        ];
      case 'redacted_thinking':
        return [{ type: 'reasoning', provider, text: '', encrypted: block.data }];
      case 'tool_use': {
        // Some servers give the whole input at the start and no deltas.
        const text = json || JSON.stringify(block.input ?? {});
        const whole = said === 'end' || (said === 'length' && closed && json !== '' && isWholeJson(json));
        return whole ? [toolCall(block.id, block.name, text)] : [];
      }
      default:
        // Blocks of vendor-side tools, which are never offered.
        return [];
    }
  }
}

function usageOf(usage: ReportedUsage): Usage {
  const cachedInputTokens = usage.cache_read_input_tokens ?? 0;
  const cacheWriteTokens = usage.cache_creation_input_tokens ?? 0;
  return {
    // The vendor counts what went through the cache apart.
    inputTokens: (usage.input_tokens ?? 0) + cachedInputTokens + cacheWriteTokens,
    cachedInputTokens,
    cacheWriteTokens,
    outputTokens: usage.output_tokens ?? 0,
    reasoningTokens: usage.output_tokens_details?.thinking_tokens ?? 0,
  };
}
