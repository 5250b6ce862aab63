import { HoldfastError } from '../protocol/failures';
import type { LocalStreamBusOptions } from './local-stream-bus';
import type { StreamBus } from './stream-bus';

export interface StreamsOptions extends LocalStreamBusOptions {
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The bus that `HOLDFAST_STREAMS` names: `local` (the default: sockets in the home), `postgres://…`, or `off`. Nothing is
 * connected before it is used.
 * @throws HoldfastError `Config.Invalid`.
 */
export function openStreams({ env = process.env, ...local }: StreamsOptions): StreamBus | undefined {
  const wanted = env.HOLDFAST_STREAMS || 'local';
  if (wanted === 'off') return undefined;
  if (wanted === 'local') {
    const { LocalStreamBus } = require('./local-stream-bus') as typeof import('./local-stream-bus');
    return new LocalStreamBus(local);
  }
  if (/^postgres(ql)?:/.test(wanted)) {
    const { PostgresStreamBus } = require('./postgres-stream-bus') as typeof import('./postgres-stream-bus');
    return new PostgresStreamBus({ url: wanted, ...(local.onTrouble && { onTrouble: local.onTrouble }) });
  }
  throw new HoldfastError('Config.Invalid', 'HOLDFAST_STREAMS is none of off, local and postgres://…', {
    hint: 'Leave it out for followers on the same machine.',
  });
}
