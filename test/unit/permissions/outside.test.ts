import { outsideSource, placeOf } from '../../../protocol/permissions/outside';
import { toolSpec } from '../../fixtures/agents';

const files = toolSpec('files_read', {
  effect: 'read',
  stays: 'workspace',
  subject: { argument: 'path', kind: 'path' },
});
const mounts = ['Docs'];

test.each<[unknown, 'workspace' | 'outside']>([
  [{ path: 'a.md' }, 'workspace'],
  [{ path: 'sub/docs/a.md' }, 'workspace'],
  [{ path: 'Docs/a.md' }, 'outside'],
  [{ path: 'docs/a.md' }, 'outside'],
  [{ path: './Docs/a.md' }, 'outside'],
  [{ path: '../a.md' }, 'outside'],
  [{ path: 'x/../a.md' }, 'outside'],
  [{ path: '' }, 'outside'],
  [{ path: 5 }, 'outside'],
  [{}, 'outside'],
  [undefined, 'outside'],
])('beside a mounted folder %j leads to the %s', (args, place) => {
  expect(placeOf(files, args, mounts)).toBe(place);
});

test('without mounted folders it stays; a tool that does not say so, or not which argument is a path, does not', () => {
  expect(placeOf(files, { path: '../../etc' }, [])).toBe('workspace');
  expect(placeOf(toolSpec('x'), {}, [])).toBe('outside');
  expect(placeOf(toolSpec('x', { stays: 'workspace' }), { path: 'a' }, mounts)).toBe('outside');
});

test('who wrote what a call returns: the tool that reads the world, the file of a mounted folder, or the run itself', () => {
  expect(outsideSource(toolSpec('web', { outside: true }), {}, [])).toBe('web');
  expect(outsideSource(files, { path: 'Docs/a.md' }, mounts)).toBe('file Docs/a.md');
  expect(outsideSource(files, {}, mounts)).toBe('files_read');
  expect(outsideSource(toolSpec('list', { stays: 'workspace', effect: 'read' }), {}, mounts)).toBe('list');
  expect(outsideSource(files, { path: 'a.md' }, mounts)).toBeUndefined();
  expect(outsideSource({ ...files, effect: 'idempotent' }, { path: 'Docs/a.md' }, mounts)).toBeUndefined();
  expect(outsideSource(toolSpec('pay'), {}, mounts)).toBeUndefined();
});
