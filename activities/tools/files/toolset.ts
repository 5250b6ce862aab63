/** What all file tools share: their name as a set, and that rules about them are rules about their paths. */
export const FILES = {
  toolset: 'files',
  stays: 'workspace',
  subject: { argument: 'path', kind: 'path' },
} as const;
