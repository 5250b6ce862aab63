import * as fc from 'fast-check';
import { artifactRead } from '../../../activities/tools/artifact-read';
import { openTestRun, type TestRun } from './tool-call.fixture';

let run: TestRun;
beforeAll(async () => {
  run = await openTestRun();
});
afterAll(() => run.close());

const put = async (content: string | Buffer) =>
  (await run.artifacts.put('run-1', Buffer.from(content), 'text/plain')).id;

test('reads a part and says where to go on', async () => {
  const id = await put('0123456789');
  expect(await run.ok(artifactRead, { id, offset: 2, length: 5 })).toEqual({
    id,
    offset: 2,
    bytes: 5,
    text: '23456',
    next: 7,
  });
  expect(await run.ok(artifactRead, { id, offset: 7 })).toEqual({ id, offset: 7, bytes: 3, text: '789', next: null });
  expect(await run.ok(artifactRead, { id, offset: 10 })).toEqual({ id, offset: 10, bytes: 0, text: '', next: null });
});

test('gives bytes that are no text as base64', async () => {
  const id = await put(Buffer.from([255, 254, 0, 1]));
  expect(await run.ok(artifactRead, { id })).toMatchObject({ base64: '//4AAQ==', bytes: 4, next: null });
});

test('going on from next gives all of it, whole code points each time', async () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (value, length) => {
      const id = await put(value);
      let read = '';
      let offset: number | null = 0;
      while (offset !== null) {
        const part: { text?: string; next: number | null } = await run.ok(artifactRead, { id, offset, length });
        expect(part.text).toBeDefined();
        read += part.text;
        offset = part.next;
      }
      expect(read).toBe(Buffer.from(value).toString());
    }),
    { numRuns: 150 },
  );
});

test('an offset inside a code point begins at the next one', async () => {
  const id = await put('語語');
  expect(await run.ok(artifactRead, { id, offset: 1, length: 3 })).toMatchObject({ offset: 3, text: '語', next: null });
});

test('artifacts of other runs, and none at all, are missing', async () => {
  const { id } = await run.artifacts.put('run-2', Buffer.from('theirs'), 'text/plain');
  expect(await run.failure(artifactRead, { id })).toContain('this run has no artifact');
  expect(await run.failure(artifactRead, { id: '../../etc/passwd' })).toContain('this run has no artifact');
});
