import type { ToolSpec } from '../tool';
import { argumentAt } from './condition';
import { fold, pathsOf } from './readings';

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
  if (mounts.length === 0) return 'workspace';
  if (!subject) return 'outside';
  const path = argumentAt(args, [subject.argument]);
  if (typeof path !== 'string') return 'outside';
  const folded = mounts.map(fold);
  const leaves = pathsOf(path).some(
    (one) => one === '' || one.startsWith('..') || folded.includes(one.split('/')[0] ?? ''),
  );
  return leaves || path.includes('..') ? 'outside' : 'workspace';
}

/** Names who wrote what a call returns, where that is not the run itself; undefined otherwise. */
export function outsideSource(spec: ToolSpec, args: unknown, mounts: readonly string[]): string | undefined {
  if (spec.outside) return spec.name;
  if (spec.stays !== 'workspace' || spec.effect !== 'read') return undefined;
  if (placeOf(spec, args, mounts) === 'workspace') return undefined;
  const path = spec.subject && argumentAt(args, [spec.subject.argument]);
  return typeof path === 'string' ? `file ${path}` : spec.name;
}
