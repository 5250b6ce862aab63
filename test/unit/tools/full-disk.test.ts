import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FileArtifactStore } from '../../../activities/stores/file-artifact-store';
import { defineTool, type Tool } from '../../../activities/tools/define-tool';
import { filesWrite } from '../../../activities/tools/files/write';
import { openWorkspace } from '../../../activities/tools/workspace';
import { storageError } from '../../../protocol/storage';
import { type SmallDisk, smallDisk } from '../../fixtures/small-disk';
import { openTestRun, type TestRun } from './tool-call.fixture';

/** On a real full disk, where one can be made. */
const disk: SmallDisk | undefined = smallDisk(1);
const onDisk = disk ? describe : describe.skip;
afterAll(() => disk?.close());

onDisk('a full disk', () => {
  const { folder } = disk as SmallDisk;
  const full = expect.objectContaining({ code: 'Storage.Full', hint: expect.any(String) });
  let run: TestRun;
  beforeEach(async () => {
    run = await openTestRun();
    disk?.free();
  });
  afterEach(() => run.close());

  function workspace() {
    return openWorkspace({ root: join(folder, 'root'), journal: join(folder, 'journal') });
  }

  const talker = (effect: 'read' | 'once'): Tool =>
    defineTool({
      name: 'talk',
      description: 'Talks.',
      input: z.object({}),
      effect,
      execute: () => 'x'.repeat(200_000),
    });
  const stored = {
    put: (source: never, mediaType: string) => new FileArtifactStore(folder).put('s', source, mediaType),
  };

  test('a file is written once there is space, under the same key, and nothing half is left', async () => {
    const options = { workspace: workspace(), idempotencyKey: 'one' };
    const write = (attempt: number) =>
      run.call(filesWrite, { path: 'a.txt', content: 'y'.repeat(50_000) }, { ...options, attempt });
    await run.call(filesWrite, { path: 'before.txt', content: 'b' }, { workspace: workspace() });
    disk?.fill();
    await expect(write(1)).rejects.toEqual(full);
    await expect(write(2)).rejects.toEqual(full);
    disk?.free();
    await expect(write(3)).resolves.toMatchObject({ outcome: 'ok' });
    expect(readdirSync(join(folder, 'root')).sort()).toEqual(['a.txt', 'before.txt']);
    expect(readdirSync(join(folder, 'journal')).every((name) => name.endsWith('.json'))).toBe(true);
  });

  test('the last attempt tells the model, without a path of this machine', async () => {
    disk?.fill();
    const message = await run.call(
      filesWrite,
      { path: 'b.txt', content: 'y'.repeat(50_000) },
      { workspace: workspace(), attempt: filesWrite.spec.maxAttempts, idempotencyKey: 'last' },
    );
    expect(message).toMatchObject({ outcome: 'failed', content: expect.stringContaining('no space left on the disk') });
    expect(message.content).not.toContain(folder);
  });

  test('a large output waits for its store; one of a tool that must not run again is shown without its middle', async () => {
    disk?.fill();
    await expect(run.call(talker('read'), {}, { outputs: stored as never })).rejects.toEqual(full);
    await expect(run.call(talker('once'), {}, { outputs: stored as never })).resolves.toMatchObject({ outcome: 'ok' });
    disk?.free();
    await expect(run.call(talker('read'), {}, { outputs: stored as never })).resolves.toMatchObject({
      outcome: 'ok',
      artifact: { bytes: 200_000 },
    });
  });

  test('the store leaves nothing behind that keeps it full', async () => {
    disk?.fill();
    const error = await stored.put(Buffer.alloc(100_000) as never, 'text/plain').catch((problem) => problem);
    expect(storageError(error)).toEqual(full);
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  });
});
