import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropicMessages } from './vendor-anthropic';
import { deliver } from './vendor-delivery';
import { openaiChat } from './vendor-openai-chat';
import { openaiResponses } from './vendor-openai-responses';
import type { Dialect, DialectCodec, NormalisedRequest, VendorReply, VendorScript } from './vendor-reply';

export type {
  Dialect,
  NormalisedRequest,
  VendorReply,
  VendorScript,
} from './vendor-reply';

/** A request the server has received. */
export interface LoggedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The bytes of the body; empty when `logBodies` is off. */
  raw: Buffer;
  /** The parsed body; `{}` when it is not JSON or not logged. */
  body: Record<string, unknown>;
  /** Milliseconds since epoch. */
  receivedAt: number;
  endedAt: number | undefined;
  /** Whether the client went away before the answer was complete. */
  aborted: boolean;
  /** The number of the connection it came on, from 1. */
  connection: number;
  /** Resolves when the answer is complete or the client has gone. */
  closed: Promise<void>;
}

/** What the server answers and keeps; everything has a default. */
export interface VendorServerOptions {
  /**
   * The answers, in order, or a function of the request. Default: the text `ok`. A list that is used up answers 400, and
   * `assertDone` then fails.
   */
  script?: VendorScript;
  /** Keeps requests for assertions. Default true; benchmarks switch it off. */
  logBodies?: boolean;
  /** Names on `/v1/models`. */
  models?: string[];
  /** Default: any free port of 127.0.0.1. */
  port?: number;
}

/** A running vendor server; all that is asked of it can be looked at. */
export interface VendorServer {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** For `OPENAI_BASE_URL`. */
  openaiURL: string;
  /** For `ANTHROPIC_BASE_URL`. */
  anthropicURL: string;
  requests: LoggedRequest[];
  /** Requests for answers so far; also counted when they are not logged. */
  count(): number;
  /** Connections accepted so far. */
  connections(): number;
  /** Another script from the next request on; a list begins at its first reply. */
  setScript(script: VendorScript): void;
  /**
   * Call it at the end of a test: the script was followed to its last reply.
   * @throws Error when replies of a list are left over, or more were asked for than it had.
   */
  assertDone(): void;
  /** Stops listening and cuts what is still connected. */
  close(): Promise<void>;
}

const ANSWERS: Record<string, [Dialect, DialectCodec]> = {
  '/v1/responses': ['openai-responses', openaiResponses],
  '/v1/chat/completions': ['openai-chat', openaiChat],
  '/v1/messages': ['anthropic', anthropicMessages],
};

/**
 * A server that speaks OpenAI Responses, OpenAI Chat Completions and Anthropic Messages on the wire, with scripted answers
 * and faults. For tests of agents, and as the provider of benchmarks.
 *
 * @example
 * ```ts
 * import { startVendorServer } from 'holdfast/testing';
 * import { HoldfastPlugin } from 'holdfast/worker';
 *
 * const vendor = await startVendorServer({ script: [{ status: 429, retryAfter: '1' }, { text: 'Hello.' }] });
 * const plugin = new HoldfastPlugin({ env: { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: vendor.openaiURL } });
 * // … run an agent on a worker with this plugin, then:
 * vendor.assertDone();
 * await vendor.close();
 * ```
 */
export async function startVendorServer(options: VendorServerOptions = {}): Promise<VendorServer> {
  const state = new ServerState(options);
  const server = http.createServer((request, response) => void state.handle(request, response));
  server.keepAliveTimeout = 60_000;
  server.on('connection', () => state.connections++);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    openaiURL: `${url}/v1`,
    anthropicURL: url,
    requests: state.requests,
    count: () => state.answers,
    connections: () => state.connections,
    setScript: (script) => state.setScript(script),
    assertDone: () => state.assertDone(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class ServerState {
  readonly requests: LoggedRequest[] = [];
  answers = 0;
  connections = 0;
  private script: VendorScript;
  private used = 0;
  private missing = 0;
  private readonly log: boolean;
  private readonly models: string[];
  private readonly sockets = new WeakMap<object, number>();

  constructor(options: VendorServerOptions) {
    this.script = options.script ?? (() => ({ text: 'ok' }));
    this.log = options.logBodies ?? true;
    this.models = options.models ?? ['test-model'];
  }

  setScript(script: VendorScript): void {
    this.script = script;
    this.used = 0;
    this.missing = 0;
  }

  assertDone(): void {
    if (typeof this.script === 'function') return;
    const left = this.script.length - this.used;
    if (left > 0) throw new Error(`vendor server: ${left} of ${this.script.length} replies were never asked for`);
    if (this.missing > 0) throw new Error(`vendor server: asked ${this.missing} times more than it had replies`);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const raw = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      if (this.log) this.requests.push(this.logged(request, response, raw));
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      const answer = ANSWERS[path];
      if (answer && request.method === 'POST') await this.answer(answer, raw, response);
      else this.other(path, raw, response);
    } catch (error) {
      // A client that went away is its own affair; a script that throws is the test's.
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { type: 'script_error', message: String(error) } }));
    }
  }

  private async answer(
    [dialect, codec]: [Dialect, DialectCodec],
    raw: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    const index = this.answers++;
    const request = new LazyRequest(index, dialect, codec, raw);
    const reply = typeof this.script === 'function' ? await this.script(request) : this.next(this.script);
    await deliver(reply, codec, request, response);
  }

  private next(script: readonly VendorReply[]): VendorReply {
    const reply = script[this.used];
    if (reply) this.used++;
    else this.missing++;
    return reply ?? { status: 400, errorMessage: `the vendor server's script has only ${script.length} replies` };
  }

  /** Everything that is not an answer: models, token counts, embeddings. */
  private other(path: string, raw: Buffer, response: ServerResponse): void {
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-request-id': 'req_other',
        'request-id': 'req_other',
      });
      response.end(JSON.stringify(body));
    };
    if (path === '/v1/models') json(200, modelList(this.models));
    else if (path === '/v1/messages/count_tokens') json(200, { input_tokens: Math.ceil(raw.length / 4) });
    else if (path === '/v1/embeddings') json(200, embeddings(parse(raw)));
    else
      json(404, {
        type: 'error',
        error: { type: 'not_found_error', code: 'not_found', message: `no such path: ${path}` },
      });
  }

  private logged(request: IncomingMessage, response: ServerResponse, raw: Buffer): LoggedRequest {
    const { socket } = request;
    const connection = this.sockets.get(socket) ?? this.connections;
    this.sockets.set(socket, connection);
    let body: Record<string, unknown> | undefined;
    const entry: LoggedRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      raw,
      get body() {
        body ??= parse(raw);
        return body;
      },
      receivedAt: Date.now(),
      endedAt: undefined,
      aborted: false,
      connection,
      closed: new Promise((resolve) =>
        response.once('close', () => {
          entry.endedAt = Date.now();
          entry.aborted = !response.writableFinished;
          resolve();
        }),
      ),
    };
    return entry;
  }
}

/** Parses nothing before a script asks: at high rates the bytes are not looked at. */
class LazyRequest implements NormalisedRequest {
  readonly stream: boolean;
  private parsedBody: Record<string, unknown> | undefined;
  private normal: ReturnType<DialectCodec['normalise']> | undefined;

  constructor(
    readonly index: number,
    readonly dialect: Dialect,
    private readonly codec: DialectCodec,
    private readonly raw: Buffer,
  ) {
    // Inside a JSON string the quotes would be escaped, so this is the field.
    this.stream = /"stream":\s*true/.test(raw.subarray(-200).toString('latin1')) || raw.includes('"stream":true');
  }

  get body(): Record<string, unknown> {
    this.parsedBody ??= parse(this.raw);
    return this.parsedBody;
  }
  get model(): string {
    // The SDKs send the model first; a name is short.
    const found = /^\{"model":"([^"\\]+)"/.exec(this.raw.subarray(0, 200).toString('latin1'))?.[1];
    return found ?? String(this.body.model ?? '');
  }
  get system(): string {
    return this.normalised.system;
  }
  get messages() {
    return this.normalised.messages;
  }
  get tools(): string[] {
    return this.normalised.tools;
  }
  get turn(): number {
    return this.messages.filter((message, at, all) => message.role === 'assistant' && all[at - 1]?.role !== 'assistant')
      .length;
  }
  private get normalised() {
    this.normal ??= this.codec.normalise(this.body);
    return this.normal;
  }
}

function parse(raw: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(raw.toString('utf8'));
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function modelList(models: string[]) {
  const data = models.map((id) => ({
    id,
    object: 'model',
    type: 'model',
    display_name: id,
    created: 1,
    owned_by: 'test',
  }));
  return { object: 'list', data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
}

/** Vectors that depend on the text alone. */
function embeddings(body: Record<string, unknown>) {
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  const data = inputs.map((input, index) => ({ object: 'embedding', index, embedding: vectorOf(String(input)) }));
  const tokens = inputs.reduce((sum: number, input) => sum + Math.ceil(String(input).length / 4), 0);
  return { object: 'list', data, model: body.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

function vectorOf(text: string): number[] {
  const vector = new Array<number>(8).fill(0);
  for (let at = 0; at < text.length; at++) vector[at % 8] = ((vector[at % 8] ?? 0) + text.charCodeAt(at)) % 997;
  return vector;
}
