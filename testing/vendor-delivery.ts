import type { ServerResponse } from 'node:http';
import { setTimeout as timer } from 'node:timers/promises';
import type { Chunk, DialectCodec, ReplyContext, VendorReply } from './vendor-reply';

/** Sends one reply with everything that is to go wrong with it. */
export async function deliver(
  reply: VendorReply,
  codec: DialectCodec,
  context: ReplyContext & { stream: boolean },
  response: ServerResponse,
): Promise<void> {
  if (reply.reset) return void response.socket?.resetAndDestroy();
  if (reply.latencyMs) await sleep(reply.latencyMs, response);
  if (response.destroyed) return;
  const ids = { 'x-request-id': `req_${context.index}`, 'request-id': `req_${context.index}` };
  const headers = {
    ...ids,
    ...(reply.retryAfter !== undefined && { 'retry-after': reply.retryAfter }),
    ...reply.headers,
  };
  if (reply.status !== undefined && reply.status !== 200) {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...headers });
    response.end(reply.rawBody ?? JSON.stringify(codec.error(reply.status, reply)));
    return;
  }
  if (!context.stream || reply.rawBody !== undefined) {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(reply.rawBody ?? JSON.stringify(codec.body(reply, context)));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  await sendChunks(reply, faulted(codec.chunks(reply, context), reply, codec), response);
}

/** Waits, but no longer than the client does. */
async function sleep(ms: number, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.once('close', leave);
  await timer(ms, undefined, { signal: gone.signal }).catch(() => undefined);
  response.off('close', leave);
}

/** The chunks as the fault wants them. */
function faulted(chunks: Chunk[], reply: VendorReply, codec: DialectCodec): Chunk[] {
  let out = chunks.filter(
    (chunk) =>
      !(reply.omitEnd && chunk.kind === 'end') && !((reply.omitEnd || reply.omitDone) && chunk.kind === 'done'),
  );
  const isContent = (chunk: Chunk): boolean => chunk.kind === 'content' || chunk.kind === 'tool';
  if (reply.duplicateChunks) out = out.flatMap((chunk) => (isContent(chunk) ? [chunk, chunk] : [chunk]));
  if (reply.reverseChunks) {
    const reversed = out.filter(isContent).reverse();
    out = out.map((chunk) => (isContent(chunk) ? (reversed.shift() ?? chunk) : chunk));
  }
  if (reply.errorAfterChunks !== undefined) out.splice(reply.errorAfterChunks, out.length, codec.errorChunk(reply));
  if (reply.garbageAfterChunks !== undefined) {
    // Under a real name: unnamed events are ignored by some clients.
    const event = out[0]?.event;
    out.splice(reply.garbageAfterChunks, 0, { ...(event && { event }), data: '{"half":' });
  }
  return out;
}

async function sendChunks(reply: VendorReply, chunks: Chunk[], response: ServerResponse): Promise<void> {
  const stop = Math.min(
    reply.stallAfterChunks ?? Number.POSITIVE_INFINITY,
    reply.cutAfterChunks ?? Number.POSITIVE_INFINITY,
    reply.endAfterChunks ?? Number.POSITIVE_INFINITY,
  );
  const frames = chunks.slice(0, stop).map(frame);
  if (reply.cutInToolCall) {
    const at = chunks.findLastIndex((chunk) => chunk.kind === 'tool');
    frames.splice(at, frames.length, (frames[at] ?? '').slice(0, -12));
  }
  if (reply.chunkDelayMs) {
    for (const text of frames) {
      if (response.destroyed) return;
      response.write(text);
      await sleep(reply.chunkDelayMs, response);
    }
  } else if (frames.length > 0) response.write(frames.join(''));
  if (reply.stallAfterChunks !== undefined) return;
  if (reply.cutAfterChunks !== undefined || reply.cutInToolCall) {
    // What was written must arrive before the cut.
    setImmediate(() => setTimeout(() => response.destroy(), 5));
    return;
  }
  response.end();
}

function frame({ event, data }: Chunk): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return event === undefined ? `data: ${text}\n\n` : `event: ${event}\ndata: ${text}\n\n`;
}
