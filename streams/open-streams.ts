import { HoldfastError } from '../protocol/failures';
import type { LocalStreamBusOptions } from './local-stream-bus';
import type { StreamBus } from './stream-bus';

/** Where the setting is read, and what the bus of this machine is made with. Default of `env`: the process's. */
export interface StreamsOptions extends LocalStreamBusOptions {
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The bus that `HOLDFAST_STREAMS` names: `local` (the default: sockets in the home), `postgres://…`, or `off`. Nothing is
 * connected before it is used.
 * @throws HoldfastError `Config.Invalid`.
 *
 * @example
 * ```ts
 * import { HoldfastClient, openStreams } from 'holdfast/client';
 *
 * const streams = openStreams({ home: '.holdfast' }); // the bus the workers have
 * const holdfast = new HoldfastClient(temporalClient, { streams });
 * ```
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
