import { mkdtemp, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { filesCreate, filesDelete, filesEdit, filesWrite } from '../../../activities/tools/files/write';
import { withPathLock } from '../../../activities/tools/path-lock';
import { openWorkspace, type Workspace } from '../../../activities/tools/workspace';
import { readPart, removeFile, replaceFile, stateOf } from '../../../activities/tools/workspace-file';
import type { JournalStep } from '../../../activities/tools/workspace-journal';
import { type Place, withPlace } from '../../../activities/tools/workspace-walk';
import { openTestRun, type TestRun } from './tool-call.fixture';

class Crash extends Error {}

const STEPS: JournalStep[] = ['planned', 'recorded', 'applied', 'finished'];

let run: TestRun;
let crashAt: JournalStep | undefined;
beforeEach(async () => {
  crashAt = undefined;
  run = await openTestRun({
    checkpoint(step) {
      if (step === crashAt) {
        crashAt = undefined;
        throw new Crash(step);
      }
    },
  });
});
afterEach(() => run.close());

const at = (path: string) => join(run.workspace.root, path);
const content = (path: string) => readFile(at(path), 'utf8').catch(() => null);

/** A workspace as the process that comes after a crash opens it. */
async function reopened(): Promise<Workspace> {
  return openWorkspace({ root: run.workspace.root, journal: join(run.folder, 'journal') });
}

describe.each(STEPS)('a process that dies when a change is %s', (step) => {
  const changes = [
    { name: 'write', tool: filesWrite, args: { path: 'a.txt', content: 'new' }, after: 'new' },
    { name: 'create', tool: filesCreate, args: { path: 'n/b.txt', content: 'new' }, after: 'new' },
    {
      name: 'edit',
      tool: filesEdit,
      args: { path: 'a.txt', edits: [{ old: 'old', new: 'old older' }] },
      after: 'old older',
    },
    { name: 'delete', tool: filesDelete, args: { path: 'a.txt' }, after: null },
  ];
  test.each(changes)('repeats it with the same answer and one effect: $name', async ({ tool, args, after }) => {
    await writeFile(at('a.txt'), 'old');
    const undisturbed = await run.ok(tool, args, { idempotencyKey: 'other run', workspace: await sibling() });

    crashAt = step;
    await run.failure(tool, args, { idempotencyKey: 'k' });
    const afterCrash = await content(args.path);
    expect([args.path === 'a.txt' ? 'old' : null, after]).toContain(afterCrash);

    const workspace = await reopened();
    for (let attempt = 2; attempt < 5; attempt++) {
      expect(await run.ok(tool, args, { idempotencyKey: 'k', attempt, workspace })).toEqual(undisturbed);
      expect(await content(args.path)).toBe(after);
    }
  });
});

/** A second run with the same file, to learn what an undisturbed call answers. */
async function sibling(): Promise<Workspace> {
  const folder = join(run.folder, 'sibling');
  const workspace = openWorkspace({ root: join(folder, 'root'), journal: join(folder, 'journal') });
  await writeFile(join(workspace.root, 'a.txt'), 'old');
  return workspace;
}

test('a call that ended is not repeated, though the file was changed since', async () => {
  const args = { path: 'a.txt', content: 'first' };
  const answer = await run.ok(filesWrite, args, { idempotencyKey: 'k' });
  await run.ok(filesWrite, { path: 'a.txt', content: 'second' });
  expect(await run.ok(filesWrite, args, { idempotencyKey: 'k' })).toEqual(answer);
  expect(await content('a.txt')).toBe('second');
});

test('a file that somebody else changed in between is left alone, and the call says so', async () => {
  await writeFile(at('a.txt'), 'old');
  for (const [step, theirs] of [
    ['recorded', 'theirs'],
    ['applied', 'also theirs'],
  ] as const) {
    crashAt = step;
    const args = { path: 'a.txt', content: `mine ${step}` };
    await run.failure(filesWrite, args, { idempotencyKey: step });
    await writeFile(at('a.txt'), theirs);
    expect(await run.failure(filesWrite, args, { idempotencyKey: step })).toContain('was changed by something else');
    expect(await content('a.txt')).toBe(theirs);
  }
});

test('a file that vanished in between is not made again by an edit', async () => {
  await writeFile(at('a.txt'), 'old');
  const args = { path: 'a.txt', edits: [{ old: 'old', new: 'new' }] };
  crashAt = 'recorded';
  await run.failure(filesEdit, args, { idempotencyKey: 'k' });
  await rm(at('a.txt'));
  expect(await run.failure(filesEdit, args, { idempotencyKey: 'k' })).toContain('was changed by something else');
  expect(await content('a.txt')).toBeNull();
});

test('one key cannot be used for two requests', async () => {
  await run.ok(filesWrite, { path: 'a.txt', content: 'one' }, { idempotencyKey: 'k' });
  for (const args of [
    { path: 'a.txt', content: 'two' },
    { path: 'b.txt', content: 'one' },
  ]) {
    const problem = await run.failure(filesWrite, args, { idempotencyKey: 'k' });
    expect(problem).toContain('differently under the same idempotency key');
  }
  expect([await content('a.txt'), await content('b.txt')]).toEqual(['one', null]);
});

test('a call that could not be planned leaves nothing in the journal and may succeed later', async () => {
  await writeFile(at('a.txt'), 'old');
  const args = { path: 'a.txt', content: 'new' };
  expect(await run.failure(filesCreate, args, { idempotencyKey: 'k' })).toContain('exists already');
  await rm(at('a.txt'));
  await run.ok(filesCreate, args, { idempotencyKey: 'k' });
  expect(await content('a.txt')).toBe('new');
});

test('a change between plan and writing is noticed: the newer content wins', async () => {
  await writeFile(at('a.txt'), 'old');
  const change = async () => {
    await writeFile(at('a.txt'), 'newer');
    return { content: Buffer.from('mine'), answer: null };
  };
  const changing = run.workspace.changeOnce({ key: 'k', path: 'a.txt', request: 'r', change });
  await expect(changing).rejects.toMatchObject({ details: { reason: 'changed' } });
  expect(await content('a.txt')).toBe('newer');
  expect(await readdir(run.workspace.root)).toEqual(['a.txt']);
});

test('a change while the content is read is noticed', async () => {
  await writeFile(at('a.txt'), 'old');
  const change = async (_: string, read: () => Promise<Buffer>) => {
    await writeFile(at('a.txt'), 'newer');
    return { content: await read(), answer: null };
  };
  const changing = run.workspace.changeOnce({ key: 'k', path: 'a.txt', request: 'r', change });
  await expect(changing).rejects.toMatchObject({ details: { reason: 'changed' } });
});

test('changes of one file are made one after the other: none is lost', async () => {
  await writeFile(at('a.txt'), 'start\n');
  const change = async (_: string, read: () => Promise<Buffer>) => {
    const text = `${await read()}line\n`;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { content: Buffer.from(text), answer: null };
  };
  const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);
  await Promise.all(keys.map((key) => run.workspace.changeOnce({ key, path: 'a.txt', request: 'r', change })));
  expect(await content('a.txt')).toBe(`start\n${'line\n'.repeat(10)}`);
});

test('a lock passes on after a failure, and forgets paths nobody waits for', async () => {
  await expect(withPathLock('p', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withPathLock('p', async () => 'next')).toBe('next');
});

test('temporary files of a killed attempt are swept by the next one, and hidden until then', async () => {
  crashAt = 'recorded';
  const args = { path: 'a.txt', content: 'new' };
  await run.failure(filesWrite, args, { idempotencyKey: 'k' });
  const { createHash } = await import('node:crypto');
  const token = createHash('sha256').update('k').digest('hex').slice(0, 16);
  const mine = `.holdfast-${token}${'0'.repeat(16)}.tmp`;
  const others = `.holdfast-${'1'.repeat(32)}.tmp`;
  for (const name of [mine, others]) await writeFile(at(name), 'half');
  expect(await run.workspace.list('')).toEqual([]);
  await run.ok(filesWrite, args, { idempotencyKey: 'k' });
  expect((await readdir(run.workspace.root)).sort()).toEqual([others, 'a.txt']);
});

test('the journal keeps no content and lies outside of the root', async () => {
  await run.ok(filesWrite, { path: 'a.txt', content: 'CONFIDENTIAL' });
  const [name = ''] = await readdir(join(run.folder, 'journal'));
  expect(name).toMatch(/^[0-9a-f]{64}\.json$/);
  expect(await readFile(join(run.folder, 'journal', name), 'utf8')).not.toContain('CONFIDENTIAL');
});

test('a journal that cannot be read stops the change', async () => {
  await run.ok(filesWrite, { path: 'a.txt', content: 'x' }, { idempotencyKey: 'k' });
  const [name = ''] = await readdir(join(run.folder, 'journal'));
  await rm(join(run.folder, 'journal', name));
  await symlink('.', join(run.folder, 'journal', name));
  await run.failure(filesWrite, { path: 'a.txt', content: 'y' }, { idempotencyKey: 'k' });
  expect(await content('a.txt')).toBe('x');
});

describe('by path, a folder that is swapped for a link while it is used', () => {
  const options = () => ({ base: run.workspace.root, addressing: 'path' as const, admit: async () => undefined });
  let outside: string;
  beforeEach(async () => {
    outside = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-moved-')));
    await run.ok(filesWrite, { path: 'way/a.txt', content: 'inside' });
  });
  afterEach(() => rm(outside, { recursive: true }));

  async function swapped<T>(use: (place: Place) => Promise<T>, name = 'a.txt'): Promise<T> {
    return withPlace(`way/${name}`, ['way', name], options(), async (place) => {
      await rename(at('way'), at('parked'));
      await symlink(outside, at('way'));
      return use(place);
    });
  }
  const changed = expect.objectContaining({ details: expect.objectContaining({ reason: 'changed' }) });

  test('is noticed before a new file is put into its place', async () => {
    const replaced = swapped(
      (place) => replaceFile(place, Buffer.from('x'), { token: '0'.repeat(16), expect: 'absent' }),
      'n',
    );
    await expect(replaced).rejects.toEqual(changed);
    expect(await readdir(outside)).toEqual([]);
  });

  test('is noticed before a file is removed', async () => {
    await writeFile(join(outside, 'a.txt'), 'outside');
    await expect(swapped((place) => removeFile(place, stateOf(Buffer.from('outside'))))).rejects.toEqual(changed);
    expect(await readdir(outside)).toEqual(['a.txt']);
  });

  test('is noticed before what was read is given out', async () => {
    await writeFile(join(outside, 'a.txt'), 'outside');
    await expect(swapped((place) => readPart(place, 0, 99))).rejects.toEqual(changed);
  });
});

test('any sequence of calls, crashes and retries ends where one without crashes ends', async () => {
  const path = fc.constantFrom('a.txt', 'b.txt', 'd/c.txt');
  const text = fc.constantFrom('x', 'y', 'xy', '');
  const call = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), path, text }),
    fc.record({ kind: fc.constant('create' as const), path, text }),
    fc.record({ kind: fc.constant('edit' as const), path, text }),
    fc.record({ kind: fc.constant('delete' as const), path, text }),
  );
  const crashes = fc.array(fc.constantFrom(...STEPS), { maxLength: 3 });
  const calls = fc.array(fc.record({ call, crashes, again: fc.boolean() }), { minLength: 1, maxLength: 8 });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(calls, async (sequence) => {
      const model = new Map<string, string>();
      const folder = join(run.folder, `round-${++round}`);
      const root = join(folder, 'root');
      let crash: JournalStep | undefined;
      const checkpoint = (step: JournalStep) => {
        if (step !== crash) return;
        crash = undefined;
        throw new Crash(step);
      };
      for (const [index, { call, crashes, again }] of sequence.entries()) {
        const tool = { write: filesWrite, create: filesCreate, edit: filesEdit, delete: filesDelete }[call.kind];
        const args = {
          write: { path: call.path, content: call.text },
          create: { path: call.path, content: call.text },
          edit: { path: call.path, edits: [{ old: 'x', new: 'zz' }] },
          delete: { path: call.path },
        }[call.kind];
        const attempts = [...crashes, undefined, ...(again ? [undefined] : [])];
        const answers: string[] = [];
        for (const step of attempts) {
          const workspace = openWorkspace({ root, journal: join(folder, 'journal'), checkpoint });
          crash = step;
          const message = await run.call(tool, args, { idempotencyKey: `k${index}`, workspace });
          if (message.content !== step) answers.push(`${message.outcome} ${message.content}`);
        }
        const expected = applyTo(model, call);
        expect(new Set(answers).size).toBe(1);
        expect(answers[0]?.startsWith('ok')).toBe(expected);
      }
      const workspace = openWorkspace({ root, journal: join(folder, 'journal') });
      const files = new Map<string, string>();
      for await (const entry of workspace.walk('')) {
        if (entry.type === 'file') files.set(entry.path, (await workspace.read(entry.path)).bytes.toString());
      }
      expect([...files].sort()).toEqual([...model].sort());
    }),
    { numRuns: 60 },
  );
});

/** The same on a map; whether the call succeeds. */
function applyTo(
  model: Map<string, string>,
  { kind, path, text }: { kind: string; path: string; text: string },
): boolean {
  const current = model.get(path);
  if (kind === 'write' || (kind === 'create' && current === undefined)) {
    model.set(path, text);
    return true;
  }
  if (kind === 'delete') return model.delete(path);
  if (kind !== 'edit' || current?.split('x').length !== 2) return false;
  model.set(path, current.replace('x', 'zz'));
  return true;
}
