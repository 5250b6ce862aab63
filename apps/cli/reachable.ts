import { connect } from 'node:net';
import { HoldfastError } from '../../protocol/failures';

const PATIENCE_MS = 2_000;
/** Answers that will not change within a connection's own ten seconds of trying. */
const FINAL: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
};

/**
 * A quick look before a client tries for long. Whatever is not a clear no is left to the client: a proxy may be in between.
 * @throws HoldfastError `Server.Unreachable`.
 */
export async function requireListening(address: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (env.grpc_proxy || env.https_proxy || env.http_proxy) return;
  const why = FINAL[(await knock(address)) ?? ''];
  if (why === undefined) return;
  throw new HoldfastError('Server.Unreachable', `no Temporal server answers at ${address}: ${why}`, {
    hint: 'Is it running, is the address right? Without TEMPORAL_ADDRESS an embedded one is used: holdfast dev.',
  });
}

/** The code of the refusal; undefined when somebody listens, or nothing is known in time. */
function knock(address: string): Promise<string | undefined> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(address.slice(at + 1)), timeout: PATIENCE_MS });
    const end = (code?: string): void => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end());
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code));
  });
}
