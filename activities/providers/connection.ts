import http from 'node:http';
import https from 'node:https';
import type { ConnectionStats } from './provider';

/** How long a vendor may be silent, in milliseconds; `Infinity` switches a limit off. */
export interface Timeouts {
  /** Until the connection (with TLS) stands. Default 10,000. */
  connectMs?: number;
  /** From the request sent to the response's headers; local servers load a model in this time. Default 120,000. */
  firstByteMs?: number;
  /** Between two pieces of the answer; a vendor's pings count. Default 60,000, or 300,000 for models that think in silence. */
  idleMs?: number;
}

export type StallPhase = 'connect' | 'first-byte' | 'idle';

/** The vendor was silent for longer than allowed. */
export class StallError extends Error {
  constructor(
    readonly phase: StallPhase,
    readonly afterMs: number,
  ) {
    super(`${STALL_TEXT[phase]} for ${afterMs} ms`);
    this.name = 'StallError';
  }
}

/** The connection could not be made, or was lost. */
export class LostError extends Error {
  constructor(
    /** Node's error code, e.g. `ECONNREFUSED`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'LostError';
  }
}

function lost(error: NodeJS.ErrnoException): Error {
  return error instanceof StallError ? error : new LostError(error.code ?? error.name, error.message);
}

const STALL_TEXT: Record<StallPhase, string> = {
  connect: 'no connection',
  'first-byte': 'no answer',
  idle: 'nothing more of the answer',
};

const DEFAULT_CONNECT_MS = 10_000;
const DEFAULT_FIRST_BYTE_MS = 120_000;
/** Load balancers drop idle connections after about a minute; ours go first, so that none is found dead. */
const KEEP_IDLE_MS = 50_000;
const MAX_IDLE_SOCKETS = 256;

/**
 * A keep-alive pool with a `fetch` for the vendors' SDKs. Node's own fetch drops idle connections after four seconds (a tool
 * run is often longer), has no connect or idle timeout, and tells neither bytes nor reuse.
 */
export class Connection {
  readonly stats: ConnectionStats = { requests: 0, reused: 0 };
  private readonly options = { keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS, timeout: KEEP_IDLE_MS };
  private readonly plain = new http.Agent(this.options);
  private readonly secure = new https.Agent(this.options);

  /** A `fetch` with these timeouts; all of them share the pool. */
  fetchWith(timeouts: Timeouts & { idleMs: number }): typeof fetch {
    return (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      return new Promise((resolve, reject) => this.send(url, init ?? {}, timeouts, resolve, reject));
    };
  }

  private send(
    url: URL,
    init: RequestInit,
    timeouts: Timeouts & { idleMs: number },
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
  ): void {
    const { signal } = init;
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const secure = url.protocol === 'https:';
    const headers = { ...Object.fromEntries(new Headers(init.headers)), 'accept-encoding': 'identity' };
    const request = (secure ? https : http).request(url, {
      method: init.method ?? 'GET',
      headers,
      agent: secure ? this.secure : this.plain,
    });
    let answer: http.IncomingMessage | undefined;
    // Once there is a response, its own error is what the reader of the body gets.
    const end = (error: Error): void => void (answer ?? request).destroy(error);
    const watch = new Watch(end);
    const abort = (): void => end(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const connected = (): void => watch.enter('first-byte', timeouts.firstByteMs ?? DEFAULT_FIRST_BYTE_MS);
    request.on('socket', (socket) => {
      if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', connected);
      else connected();
    });
    request.on('error', (error) => reject(lost(error)));
    request.on('close', () => {
      watch.stop();
      signal?.removeEventListener('abort', abort);
    });
    request.on('response', (response) => {
      this.stats.requests++;
      if (request.reusedSocket) this.stats.reused++;
      answer = response;
      watch.enter('idle', timeouts.idleMs);
      resolve(webResponse(request, response, watch));
    });
    watch.enter('connect', timeouts.connectMs ?? DEFAULT_CONNECT_MS);
    request.end(typeof init.body === 'string' || init.body instanceof Uint8Array ? init.body : undefined);
  }
}

/** One timer per request that is moved from phase to phase. */
class Watch {
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(private readonly fail: (error: StallError) => void) {}

  enter(phase: StallPhase, ms: number): void {
    this.pause();
    if (this.ended || !Number.isFinite(ms)) return;
    this.timer = setTimeout(() => this.fail(new StallError(phase, ms)), ms);
  }

  alive(): void {
    this.timer?.refresh();
  }

  pause(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  stop(): void {
    this.ended = true;
    this.pause();
  }
}

/** Statuses for which the Fetch standard allows no body. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

function webResponse(request: http.ClientRequest, response: http.IncomingMessage, watch: Watch): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const status = response.statusCode ?? 500;
  if (BODILESS.has(status)) response.resume();
  return new Response(BODILESS.has(status) ? null : bodyOf(request, response, watch), { status, headers });
}

function bodyOf(request: http.ClientRequest, response: http.IncomingMessage, watch: Watch): ReadableStream<Uint8Array> {
  let cancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        response.on('data', (chunk: Buffer) => {
          if (cancelled) return;
          watch.alive();
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 1) <= 0) response.pause();
        });
        response.on('end', () => cancelled || controller.close());
        response.on('error', (error) => cancelled || controller.error(lost(error)));
      },
      pull: () => void response.resume(),
      cancel() {
        cancelled = true;
        request.destroy();
      },
    },
    { highWaterMark: 1_024 },
  );
}
