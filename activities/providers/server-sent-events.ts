/** One event of a streamed answer; `data` is its lines put together, as the vendor sent them. */
export interface ServerSentEvent {
  /** The vendor's name of the event; `message` where it gives none. */
  event: string;
  data: string;
}

/** Longer than any event of a vendor; what does not end by then never will. */
const MAX_EVENT_CHARS = 16_000_000;

/** The events of a streamed answer, as they come. An event that is cut off is none. */
export async function* serverSentEvents(body: ReadableStream<Uint8Array> | null): AsyncGenerator<ServerSentEvent> {
  let name = '';
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0) yield { event: name || 'message', data: data.join('\n') };
      name = '';
      data = [];
      continue;
    }
    // A line that begins with a colon is a comment: a sign of life.
    const [field, value] = fieldOf(line);
    if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
  }
}

function fieldOf(line: string): [field: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}

async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > MAX_EVENT_CHARS) throw new Error(`no end of a line in ${rest.length} characters`);
    // A carriage return at the very end may be the first half of a line's end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() as string;
    yield* lines;
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}
