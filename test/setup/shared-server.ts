import type { EmbeddedServer } from '../../workers/embedded/embedded-server';

export interface RunningServer {
  home: string;
  server: EmbeddedServer;
}

export interface SharedServer {
  users: number;
  starting: Promise<RunningServer> | undefined;
}

const KEY = Symbol.for('holdfast.test.server');

/** On `globalThis`, because jest loads set-up and tear-down files anew for every project. */
export function sharedServer(): SharedServer {
  const holder = globalThis as { [KEY]?: SharedServer };
  holder[KEY] ??= { users: 0, starting: undefined };
  return holder[KEY];
}
