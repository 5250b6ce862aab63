import { EXIT } from './exit-codes';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C and its like: the first asks, the second leaves at once. */
export interface Interruption {
  signal: AbortSignal;
  /** Gives the signals back to the system. */
  release(): void;
}

export function onInterrupt(): Interruption {
  const asked = new AbortController();
  const ask = (): void => {
    if (asked.signal.aborted) process.exit(EXIT.detached);
    asked.abort();
  };
  for (const signal of SIGNALS) process.on(signal, ask);
  return {
    signal: asked.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, ask);
    },
  };
}
