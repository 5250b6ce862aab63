import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { quoted } from '../../protocol/quoted';
import { utf8Of } from '../../protocol/utf8';
import { readConfigFile } from '../../workers/config/config-file';
import { readAgentFile } from '../../workers/project/load-project';

const LATIN = Buffer.from('gr\xfcn', 'latin1');

describe('bytes', () => {
  test.each<[string, Buffer, string]>([
    ['text', Buffer.from('grün 漢 😀'), 'grün 漢 😀'],
    ['nothing', Buffer.alloc(0), ''],
    ['a byte order mark, which is left out', Buffer.from('\ufeffhello'), 'hello'],
  ])('that are text: %s', (_what, bytes, text) => {
    expect(utf8Of(bytes)).toEqual({ text });
  });

  test.each<[string, Buffer, string]>([
    ['latin-1', Buffer.concat([Buffer.from('one\ntwo\n'), LATIN]), 'is not UTF-8: byte 11, in line 3'],
    ['a character cut off', Buffer.from('漢').subarray(0, 2), 'is not UTF-8'],
    ['an encoded surrogate', Buffer.from([0xed, 0xa0, 0x80]), 'is not UTF-8: byte 2, in line 1'],
    ['NUL', Buffer.from('a\0b'), 'is binary: NUL at byte 2, in line 1'],
    ['UTF-16', Buffer.from('\ufeffhi', 'utf16le'), 'is UTF-16'],
  ])('that are none: %s', (_what, bytes, problem) => {
    expect(utf8Of(bytes)).toEqual({ problem: expect.stringContaining(problem), hint: expect.any(String) });
  });

  test('megabytes are placed quickly', () => {
    const bytes = Buffer.concat([Buffer.alloc(3_000_000, 'x\n'), LATIN]);
    const started = performance.now();
    expect(utf8Of(bytes)).toMatchObject({ problem: 'is not UTF-8: byte 3000003, in line 1500001' });
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

test('what a stranger wrote is quoted, and cut', () => {
  expect(quoted('a\n\x1b"b')).toBe('"a\\n\\u001b\\"b"');
  expect(quoted('😀'.repeat(100))).toBe(JSON.stringify('😀'.repeat(100)));
  expect(quoted('x'.repeat(10_000))).toBe(`"${'x'.repeat(100)}"… (10000 characters)`);
});

describe('files of a project', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'holdfast-text-'));
    mkdirSync(path.join(root, 'agents', 'folder.yaml'), { recursive: true });
    writeFileSync(path.join(root, 'agents', 'latin.yaml'), Buffer.concat([Buffer.from('instructions: '), LATIN]));
    writeFileSync(path.join(root, 'agents', 'bom.yaml'), '\ufeffinstructions: be brief');
    writeFileSync(path.join(root, 'agents', 'large.yaml'), `instructions: x\n${'# filler\n'.repeat(1_200_000)}`);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test.each([
    ['latin.yaml', 'is not UTF-8: byte 17, in line 1'],
    ['large.yaml', 'has 10800016 bytes; 1000000 is the most'],
    ['folder.yaml', 'is no file'],
  ])('the agent %s is refused with what is wrong', async (name, message) => {
    const { problems } = await readAgentFile(path.join('agents', name), root);
    expect(problems).toEqual([
      expect.objectContaining({ message: expect.stringContaining(message), hint: expect.any(String) }),
    ]);
  });

  test('a byte order mark is no mistake', async () => {
    const { definition, problems } = await readAgentFile(path.join('agents', 'bom.yaml'), root);
    expect([definition?.instructions, problems]).toEqual(['be brief', []]);
  });

  test('settings that are not UTF-8 are refused, naming the file', () => {
    writeFileSync(path.join(root, 'holdfast.yaml'), Buffer.concat([Buffer.from('version: 1\n# '), LATIN]));
    expect(() => readConfigFile(root)).toThrow(
      expect.objectContaining({ code: 'Config.Invalid', message: 'holdfast.yaml is not UTF-8: byte 16, in line 2' }),
    );
  });
});
