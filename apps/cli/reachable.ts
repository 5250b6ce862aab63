import { connect, type Socket } from 'node:net';
import { HoldfastError } from '../../protocol/failures';

const PATIENCE_MS = 2_000;
/** For an answer, once there is a connection. */
const GREETING_MS = 1_000;
/** The preface of HTTP/2 and empty settings: a gRPC server answers with its own at once. */
const GREETING = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS_FRAME = 4;
/** The first byte of a TLS record that says no: it is the client that tells what to do then. */
const TLS_ALERT = 0x15;

/** Answers that will not change within a connection's own seconds of trying. */
const FINAL: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  NOT_GRPC: 'something else listens there, which does not speak gRPC',
};

/**
 * A quick look before a client tries for long. Whatever is not a clear no is left to the client: a proxy may be in between.
 * @param tls whether the server is to be greeted in TLS; then it is only seen that somebody listens.
 * @throws HoldfastError `Server.Unreachable`.
 */
export async function requireListening(address: string, env: NodeJS.ProcessEnv, tls = false): Promise<void> {
  if (env.grpc_proxy || env.https_proxy || env.http_proxy) return;
  const why = FINAL[(await knock(address, tls)) ?? ''];
  if (why === undefined) return;
  throw new HoldfastError('Server.Unreachable', `no Temporal server answers at ${address}: ${why}`, {
    hint: 'Is it running, is the address right? Without TEMPORAL_ADDRESS an embedded one is used: holdfast dev.',
  });
}

/** The code of the refusal; undefined when the right one listens, or nothing is known in time. */
function knock(address: string, tls: boolean): Promise<string | undefined> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(address.slice(at + 1)), timeout: PATIENCE_MS });
    const end = (code?: string): void => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => (tls ? end() : greet(socket, end)));
    socket.once('timeout', () => end());
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code));
  });
}

function greet(socket: Socket, end: (code?: string) => void): void {
  socket.setTimeout(GREETING_MS);
  socket.write(GREETING);
  socket.once('data', (answer) => end(isGrpc(answer) ? undefined : 'NOT_GRPC'));
  // Closed without a word, as some do that want TLS.
  socket.once('end', () => end());
}

function isGrpc(answer: Buffer): boolean {
  return answer[0] === TLS_ALERT || (answer.length > 3 && answer[3] === SETTINGS_FRAME);
}
