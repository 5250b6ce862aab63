/** Why a session ended: exactly one of these. */
export type StopReason =
  | 'completed'
  | 'max-turns'
  | 'max-tool-calls'
  | 'max-tokens'
  | 'max-cost'
  | 'deadline'
  | 'repeated-call'
  | 'invalid-output'
  | 'answer-cut'
  | 'context-too-long'
  | 'refused'
  | 'cancelled'
  /** An operator ended the run. */
  | 'stopped'
  /** An operator ended the exchange; the chat goes on. */
  | 'interrupted'
  /** The exchange failed, with a code; the chat goes on. A run with one answer fails as a whole instead. */
  | 'failed'
  /** The chat was closed, by a person or by its own time limits. */
  | 'closed'
  | 'idle-timeout'
  | 'expired';
