/**
 * The files one run may touch. Paths are relative, with `/`; the first segment may name a mount. Everything else is the
 * run's own folder, which is writable. No path, link or race leads outside.
 */
export interface Workspace {
  /** The run's own folder, absolute; for tools that start processes inside it. */
  readonly root: string;
  readonly mounts: readonly { name: string; path: string; access: 'read' | 'write' }[];
  // filled in by the files tools' author
}
