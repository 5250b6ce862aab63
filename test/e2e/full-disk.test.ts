import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { startVendorServer } from '../../testing/vendor-server';
import { smallDisk } from '../fixtures/small-disk';
import { CliProcess, cleanEnv } from './cli-harness';

/** Everything Holdfast keeps on a real disk that is full, or takes nothing. */

const disk = smallDisk(24);
afterAll(() => disk?.close());
const letterOf = (at: number): string => 'xyz'.charAt(at);
const onDisk = disk ? test : test.skip;

onDisk(
  'a run on a full disk waits, says so, and ends as if nothing had been when there is space',
  async () => {
    const folder = disk?.folder ?? '';
    mkdirSync(path.join(folder, 'project', 'agents'), { recursive: true });
    writeFileSync(
      path.join(folder, 'project', 'agents', 'writer.yaml'),
      'instructions: Write.\nmodel: openai/test-model\ntools: [files]\n',
    );
    const vendor = await startVendorServer({
      script: ({ messages }) => {
        const done = messages.filter(({ role }) => role === 'tool').length;
        if (done === 3) return { text: 'written' };
        const args = { path: `${done}.txt`, content: letterOf(done).repeat(100_000) };
        return { latencyMs: 2_000, toolCalls: [{ name: 'files_write', arguments: args }] };
      },
    });
    const home = path.join(folder, 'home');
    const env = cleanEnv(home, { OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: vendor.openaiURL });
    const run = new CliProcess(['run', 'writer', 'go', '--id', 'w'], env, path.join(folder, 'project'));
    try {
      await run.shows(/first call|turn 1/, 60_000);
      disk?.fill();
      await run.shows(/The disk of .* is full \(Storage\.Full\)/, 60_000);
      disk?.free();
      const { code, stdout, stderr } = await run.ended;
      expect([code, stdout, stderr]).toEqual([0, 'written\n', expect.stringMatching(/4 turns · 3 tool calls/)]);
      const [written] = execFileSync('find', [path.join(home, 'runs'), '-name', '2.txt'], { encoding: 'utf8' }).split(
        '\n',
      );
      expect(readFileSync(written ?? '', 'utf8')).toBe(letterOf(2).repeat(100_000));
    } finally {
      await run.end();
      await vendor.close();
    }

    disk?.fill();
    const started = await new CliProcess(
      ['run', 'writer', 'go', '--model', 'simulated/rules'],
      env,
      path.join(folder, 'project'),
    ).ended;
    expect(started).toMatchObject({ code: 1, stderr: expect.stringMatching(/Storage\.Full[\s\S]*Free space/) });
    disk?.free();
  },
  180_000,
);

onDisk(
  'a home that may not be written is refused, by the server and by a worker of a cluster',
  async () => {
    const home = path.join(disk?.folder ?? '', 'read-only');
    mkdirSync(home);
    execFileSync('mount', ['--bind', home, home]);
    execFileSync('mount', ['-o', 'remount,ro,bind', home]);
    try {
      const env = cleanEnv(home);
      for (const args of [['run', 'assistant', 'hi'], ['dev']]) {
        const ended = await new CliProcess(args, env, disk?.folder ?? '').ended;
        expect(ended).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/Server\.StartFailed.*EROFS[\s\S]*HOLDFAST_HOME/),
        });
      }
      const cluster = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => cluster.once('listening', resolve));
      const { port } = cluster.address() as AddressInfo;
      const worker = await new CliProcess(['worker', '--address', `127.0.0.1:${port}`], env, disk?.folder ?? '').ended;
      cluster.close();
      expect(worker).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/Storage\.ReadOnly.*may not be written \(EROFS\)/),
      });
      expect(existsSync(path.join(home, 'temporal.db'))).toBe(false);
    } finally {
      execFileSync('umount', [home]);
    }
  },
  60_000,
);
