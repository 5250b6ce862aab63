import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { createContext, shellWord } from '../../../apps/cli/context';
import { collect, positiveInteger, positiveNumber } from '../../../apps/cli/flags';
import { mountsOf } from '../../../apps/cli/mounts';
import { inputOf } from '../../../apps/cli/run-input';
import { selfCommand } from '../../../apps/cli/self-command';
import { mountSchema } from '../../../protocol/session';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-arguments-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('flags', () => {
  test('numbers', () => {
    expect([positiveNumber('0.5'), positiveInteger('7')]).toEqual([0.5, 7]);
    for (const text of ['', ' ', 'abc', '0', '-1', 'Infinity', 'NaN'])
      expect(() => positiveNumber(text)).toThrow('above 0');
    expect(() => positiveInteger('1.5')).toThrow('whole number');
  });

  test('given several times', () => {
    expect(collect('b', collect('a', undefined))).toEqual(['a', 'b']);
  });
});

describe('the task of a run', () => {
  const stdin = (...chunks: (string | Buffer)[]) => Readable.from(chunks) as unknown as typeof process.stdin;

  test('comes from the line, standard input or a file', async () => {
    const file = path.join(folder, 'task.txt');
    writeFileSync(file, 'from a file');
    await expect(inputOf('from the line', undefined)).resolves.toBe('from the line');
    await expect(inputOf(undefined, file)).resolves.toBe('from a file');
    const [first, second] = [Buffer.from('from g').subarray(0, 6), Buffer.from('rün')];
    await expect(inputOf('-', undefined, stdin(first, second.subarray(0, 2), second.subarray(2)))).resolves.toBe(
      'from grün',
    );
  });

  test.each<[string, string | undefined, string | undefined, string]>([
    ['none', undefined, undefined, 'no input'],
    ['two', 'a', 'b', 'both'],
    ['a file that is not there', undefined, 'missing.txt', 'ENOENT'],
  ])('%s is refused', async (_what, given, file, message) => {
    await expect(inputOf(given, file)).rejects.toMatchObject({
      code: 'Input.Invalid',
      message: expect.stringContaining(message),
    });
  });

  test('an endless one is refused in time', async () => {
    const endless = function* () {
      for (;;) yield Buffer.alloc(1_000_000);
    };
    await expect(
      inputOf('-', undefined, Readable.from(endless()) as unknown as typeof process.stdin),
    ).rejects.toMatchObject({
      code: 'Input.TooLarge',
    });
  });
});

describe('folders given with --in', () => {
  function make(...names: string[]): string {
    const made = path.join(folder, ...names);
    mkdirSync(made, { recursive: true });
    return made;
  }

  test('appear under their base names, read-only, each once', () => {
    const [docs, other, again] = [make('docs'), make('b', 'docs'), make('c', 'DOCS')];
    expect(mountsOf([docs, other, docs, again])).toEqual([
      { name: 'docs', path: docs, access: 'read' },
      { name: 'docs-2', path: other, access: 'read' },
      { name: 'DOCS-3', path: again, access: 'read' },
    ]);
  });

  test.each(['with space', '.hidden', '-dash', 'ümläut', 'x'.repeat(90), '日本'])(
    '%s gets a name that a mount can have',
    (name) => {
      const [mount] = mountsOf([make(name)]);
      expect(mountSchema.safeParse(mount).success).toBe(true);
    },
  );

  test('the root of the file system has one too', () => {
    expect(mountsOf(['/'])[0]?.name).toBe('folder');
  });

  test('what is no folder is refused', () => {
    const file = path.join(folder, 'file.txt');
    writeFileSync(file, '');
    expect(() => mountsOf([file])).toThrow('not a folder');
    expect(() => mountsOf([path.join(folder, 'nothing')])).toThrow('there is no such folder');
  });
});

describe('where a command works', () => {
  test('by default in the current folder', () => {
    const context = createContext({}, {});
    expect(context).toMatchObject({ project: process.cwd(), home: path.resolve('.holdfast'), placeFlags: '' });
    expect(context.env.TEMPORAL_ADDRESS).toBeUndefined();
  });

  test('a home belongs to its project, unless it is named', () => {
    expect(createContext({ project: folder }, {}).home).toBe(path.join(folder, '.holdfast'));
    expect(createContext({ project: folder }, { HOLDFAST_HOME: '/elsewhere' }).home).toBe('/elsewhere');
    expect(createContext({ home: 'here' }, { HOLDFAST_HOME: '/elsewhere' }).home).toBe(path.resolve('here'));
  });

  test('flags win over the environment, and can be repeated', () => {
    const given = { address: 'host:1', namespace: 'my team', project: 'p' };
    const context = createContext(given, { TEMPORAL_ADDRESS: 'other:2', KEPT: '1' });
    expect(context.env).toMatchObject({ TEMPORAL_ADDRESS: 'host:1', TEMPORAL_NAMESPACE: 'my team', KEPT: '1' });
    expect(context.placeFlags).toBe(" --project p --address host:1 --namespace 'my team'");
  });

  test.each([
    ['plain', 'plain'],
    ['/a/b-c_d.e', '/a/b-c_d.e'],
    ['two words', "'two words'"],
    ["it's", "'it'\\''s'"],
    ['$(rm)', "'$(rm)'"],
    ['', "''"],
  ])('%j is typed as %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });

  test('the way back is the way one came', () => {
    expect(selfCommand({}, '/usr/local/bin/holdfast')).toBe('holdfast');
    expect(selfCommand({ npm_lifecycle_event: 'npx' }, '/x/main.js')).toBe('npx holdfast');
    expect(selfCommand({}, path.resolve('dist/apps/cli/main.js'))).toBe('node dist/apps/cli/main.js');
  });
});
