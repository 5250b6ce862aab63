import type { ToolSpec } from '../tool';
import { argumentAt } from './condition';

/** Where a call leads, of a tool whose effects and reads stay in the run's workspace but for mounted folders. */
export type Place = 'workspace' | 'outside';

/**
 * By any spelling of the path: what cannot be told to stay in the workspace is taken to lead out of it.
 * @param mounts first path segments that lead out.
 */
export function placeOf(
  { subject, stays }: Pick<ToolSpec, 'subject' | 'stays'>,
  args: unknown,
  mounts: readonly string[],
): Place {
  if (stays !== 'workspace') return 'outside';
  if (!subject || mounts.length === 0) return 'workspace';
  const path = argumentAt(args, [subject.argument]);
  if (typeof path !== 'string') return 'outside';
  const first = path
    .replace(/\\/g, '/')
    .split('/')
    .find((part) => part !== '' && part !== '.');
  const leaves = first === undefined || path.includes('..') || mounts.some((mount) => fold(mount) === fold(first));
  return leaves ? 'outside' : 'workspace';
}

/** Names who wrote what a call returns, where that is not the run itself; undefined otherwise. */
export function outsideSource(spec: ToolSpec, args: unknown, mounts: readonly string[]): string | undefined {
  if (spec.outside) return spec.name;
  if (spec.stays !== 'workspace' || spec.effect !== 'read' || !spec.subject) return undefined;
  if (placeOf(spec, args, mounts) === 'workspace') return undefined;
  const path = argumentAt(args, [spec.subject.argument]);
  return typeof path === 'string' ? `file ${path}` : spec.name;
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
