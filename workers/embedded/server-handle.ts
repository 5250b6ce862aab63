/** Why a server is no longer there for this handle. */
export interface ServerExit {
  /** `stopped`: by `stop()` on this handle. `died`: anything else, its owner's `stop()` included. */
  reason: 'stopped' | 'died';
  /** The exit code, where this process was the parent; 128 + the signal's number for a signal. */
  code?: number;
}

/** A Temporal server of this machine, started here or found running. */
export interface EmbeddedServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  readonly port: number;
  readonly uiPort: number;
  /** Of the server. */
  readonly pid: number;
  /** False when another process started it and this one only uses it. */
  readonly owned: boolean;
  /**
   * Settles when the server is gone, or when `stop()` let go of one that is not owned. Never rejects. Waiting for it does
   * not keep the process running.
   */
  readonly exited: Promise<ServerExit>;
  /** Stops an owned server; lets go of another's. May be called again. */
  stop(): Promise<void>;
}
