import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { ArtifactStore } from '../../activities/stores/artifact-store';
import { FileArtifactStore } from '../../activities/stores/file-artifact-store';

/** What the suite needs of an adapter. A further adapter is one more entry in `ADAPTERS`. */
interface Adapter {
  store: ArtifactStore;
  /** Another worker's view of the same store. */
  reopen(): ArtifactStore;
  /** Changes the stored bytes behind the store's back. */
  damage(scope: string, id: string, change: (bytes: Buffer) => Buffer): Promise<void>;
  close(): Promise<void>;
}

const ADAPTERS: Record<string, () => Promise<Adapter>> = {
  async files() {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-artifacts-'));
    return {
      store: new FileArtifactStore(folder),
      reopen: () => new FileArtifactStore(folder),
      async damage(_scope, id, change) {
        for (const path of await pathsBelow(folder)) {
          if (path.endsWith(id.slice('sha256:'.length))) await writeFile(path, change(await readFile(path)));
        }
      },
      close: () => rm(folder, { recursive: true }),
    };
  },
};

async function pathsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const missing = expect.objectContaining({
  code: 'Artifact.Missing',
  details: expect.objectContaining({ reason: 'missing' }),
});
const damaged = expect.objectContaining({
  code: 'Artifact.Missing',
  details: expect.objectContaining({ reason: 'damaged' }),
});

async function* chunksOf(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe.each(Object.entries(ADAPTERS))('an artifact store: %s', (_name, make) => {
  let adapter: Adapter;
  let store: ArtifactStore;
  beforeEach(async () => {
    adapter = await make();
    store = adapter.store;
  });
  afterEach(() => adapter.close());

  test('gives back what was put, under the hash of it', async () => {
    const bytes = Buffer.from('hello');
    const ref = await store.put('run', bytes, 'text/plain');
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(ref).toEqual({ id: `sha256:${digest}`, bytes: 5, mediaType: 'text/plain' });
    expect(await store.get('run', ref.id)).toEqual(bytes);
    expect(await store.size('run', ref.id)).toBe(5);
    expect(await adapter.reopen().get('run', ref.id)).toEqual(bytes);
  });

  test('takes nothing at all', async () => {
    const ref = await store.put('run', Buffer.alloc(0), 'text/plain');
    expect([ref.bytes, (await store.get('run', ref.id)).length]).toEqual([0, 0]);
  });

  test('takes a stream, and puts the same bytes under the same id however they come', async () => {
    const bytes = Buffer.alloc(1_000_003, 'abcdefghij');
    const ids = await Promise.all(
      [1_000_003, 65_536, 999].map(async (size) => (await store.put('run', chunksOf(bytes, size), 'text/plain')).id),
    );
    expect(new Set(ids).size).toBe(1);
    expect((await store.get('run', ids[0] as string)).equals(bytes)).toBe(true);
  });

  test('a stream that fails leaves nothing behind', async () => {
    const boom = new Error('source broke');
    async function* broken() {
      yield Buffer.from('half');
      throw boom;
    }
    await expect(store.put('run', broken(), 'text/plain')).rejects.toBe(boom);
    const half = createHash('sha256').update('half').digest('hex');
    await expect(store.get('run', `sha256:${half}`)).rejects.toEqual(missing);
  });

  test('a reader never sees a half-written artifact', async () => {
    const bytes = Buffer.alloc(300_000, 'x');
    const id = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    let sawHalf = false;
    async function* watched() {
      for await (const chunk of chunksOf(bytes, 100_000)) {
        yield chunk;
        await store.get('run', id).then(
          () => {
            sawHalf = true;
          },
          (error) => expect(error).toEqual(missing),
        );
      }
    }
    await store.put('run', watched(), 'text/plain');
    expect(sawHalf).toBe(false);
    expect((await store.get('run', id)).length).toBe(300_000);
  });

  test('gives any range of the bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const { id } = await store.put('run', bytes, 'application/octet-stream');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -5, max: 300 }), fc.integer({ min: -5, max: 300 }), async (offset, length) => {
        const from = Math.max(0, offset);
        const expected = bytes.subarray(from, from + Math.max(0, length));
        expect(await store.get('run', id, { offset, length })).toEqual(expected);
        expect(await store.get('run', id, { offset })).toEqual(bytes.subarray(from));
      }),
      { numRuns: 60 },
    );
  });

  test('gives ranges far into a large artifact', async () => {
    const bytes = Buffer.alloc(3_000_000);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at);
    const { id } = await store.put('run', bytes, 'application/octet-stream');
    const part = await store.get('run', id, { offset: 2_097_150, length: 1_000 });
    expect(part.equals(bytes.subarray(2_097_150, 2_098_150))).toBe(true);
  });

  test('what one run put, another cannot read, describe or delete', async () => {
    const { id } = await store.put('run-a', Buffer.from('secret of a'), 'text/plain');
    await expect(store.get('run-b', id)).rejects.toEqual(missing);
    await expect(store.size('run-b', id)).rejects.toEqual(missing);
    await store.deleteScope('run-b');
    expect((await store.get('run-a', id)).toString()).toBe('secret of a');
  });

  test('deleting a scope deletes all of it, and only it; twice is once', async () => {
    const [a, b] = await Promise.all(['a', 'b'].map((scope) => store.put(scope, Buffer.from('same'), 'text/plain')));
    await store.deleteScope('a');
    await store.deleteScope('a');
    await expect(store.get('a', a?.id ?? '')).rejects.toEqual(missing);
    expect((await store.get('b', b?.id ?? '')).toString()).toBe('same');
  });

  const hostile = ['..', '.', '/', '../../etc', 'a/../b', 'a\0b', 'A', 'a', 'a ', 'é', 'e\u0301', '\ud800', '\ud801'];
  test('scopes that look like paths, or like each other, are kept apart', async () => {
    for (const scope of [...hostile, 'x'.repeat(100_000)]) {
      const { id } = await store.put(scope, Buffer.from(`of ${JSON.stringify(scope)}`), 'text/plain');
      for (const other of hostile) if (other !== scope) await expect(store.get(other, id)).rejects.toEqual(missing);
      expect((await store.get(scope, id)).toString()).toBe(`of ${JSON.stringify(scope)}`);
    }
  });

  test('an empty scope is refused: it is what a bug would pass', async () => {
    await expect(store.put('', Buffer.from('x'), 'text/plain')).rejects.toMatchObject({ code: 'Input.Invalid' });
  });

  test.each([
    '',
    'sha256:',
    `sha256:${'0'.repeat(64)}`,
    `sha256:${'0'.repeat(63)}/`,
    'sha256:../../../../etc/passwd',
    `SHA256:${'a'.repeat(64)}`,
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(64)}\n`,
    `../sha256:${'a'.repeat(64)}`,
    'x'.repeat(1_000_000),
  ])('an id that names nothing is missing, not a path (case %#)', async (id) => {
    const error = await store.get('run', id).catch((thrown) => thrown);
    expect(error).toEqual(missing);
    expect(error.message.length).toBeLessThan(300);
    await expect(store.size('run', id)).rejects.toEqual(missing);
  });

  const damages: [string, (bytes: Buffer) => Buffer][] = [
    ['a flipped bit', (bytes) => Buffer.from(bytes.map((byte, at) => (at === 70_000 ? byte ^ 1 : byte)))],
    ['a cut end', (bytes) => bytes.subarray(0, -1)],
    ['something added', (bytes) => Buffer.concat([bytes, Buffer.from('x')])],
    ['nothing left', () => Buffer.alloc(0)],
  ];
  test.each(damages)('%s is found out, also when another part is read', async (_, change) => {
    const { id } = await store.put('run', Buffer.alloc(100_000, 'abc'), 'text/plain');
    await adapter.damage('run', id, change);
    await expect(store.get('run', id)).rejects.toEqual(damaged);
    await expect(store.get('run', id, { offset: 0, length: 10 })).rejects.toEqual(damaged);
  });

  test('putting the bytes again mends a damaged artifact', async () => {
    const bytes = Buffer.from('precious');
    const { id } = await store.put('run', bytes, 'text/plain');
    await adapter.damage('run', id, () => Buffer.from('broken'));
    await store.put('run', bytes, 'text/plain');
    expect(await store.get('run', id)).toEqual(bytes);
  });

  test('many at once do not disturb each other', async () => {
    const values = Array.from({ length: 40 }, (_, index) => Buffer.alloc(20_000, `v${index % 7}`));
    const refs = await Promise.all(values.map((value) => store.put('run', value, 'text/plain')));
    const read = await Promise.all(refs.map((ref) => store.get('run', ref.id)));
    expect(read.every((bytes, index) => bytes.equals(values[index] as Buffer))).toBe(true);
  });
});

describe('the file store', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-artifacts-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('puts nothing outside of its folder and no text of others into names', async () => {
    const store = new FileArtifactStore(folder);
    await store.put('../../outside', Buffer.from('x'), 'text/plain');
    const [path = ''] = await pathsBelow(folder);
    expect(path.slice(folder.length)).toMatch(/^\/[0-9a-f]{64}\/[0-9a-f]{64}$/);
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  test('clears away what killed workers left, but not what others are writing', async () => {
    await new FileArtifactStore(folder).put('run', Buffer.from('x'), 'text/plain');
    const [old, fresh] = ['old', 'fresh'].map((name) => join(folder, 'incoming', name)) as [string, string];
    for (const path of [old, fresh]) await (await open(path, 'w')).close();
    const days = new Date(Date.now() - 2 * 86_400_000);
    await utimes(old, days, days);
    await new FileArtifactStore(folder).put('run', Buffer.from('y'), 'text/plain');
    expect(await readdir(join(folder, 'incoming'))).toEqual(['fresh']);
  });

  test('passes on errors that are not about a missing artifact', async () => {
    const store = new FileArtifactStore(folder);
    const { id } = await store.put('run', Buffer.from('x'), 'text/plain');
    const [path = ''] = await pathsBelow(folder);
    await rm(path);
    await (await import('node:fs/promises')).mkdir(path);
    await expect(store.get('run', id)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
