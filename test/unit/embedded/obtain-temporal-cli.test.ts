import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildWithGo, downloadWithSdk } from '../../../workers/embedded/obtain-temporal-cli';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const cache = () => path.join(folder(), 'cache');

describe('building with Go', () => {
  /** A `go` that is a shell script of the test's. */
  function environment(script: string): NodeJS.ProcessEnv {
    const bin = path.join(folder(), 'bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'go'), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(bin, 'go'), 0o755);
    return { PATH: `${bin}:/bin:/usr/bin`, GOOS: 'plan9', GOFLAGS: '-mod=vendor' };
  }

  test('leaves one binary in the cache, whatever the settings of the user', async () => {
    const log: string[] = [];
    const env = environment('echo "$@ os=$GOOS flags=$GOFLAGS" > "$GOBIN/temporal"; echo github.com/a/b >&2');
    const built = await buildWithGo(cache(), env, (line) => log.push(line));
    expect(built).toBe(path.join(cache(), 'temporal'));
    expect(readFileSync(built, 'utf8').trim()).toBe(
      'install -v github.com/temporalio/cli/cmd/temporal@v1.5.1 os= flags=',
    );
    expect(readdirSync(cache())).toEqual(['temporal']);
    expect(log[0]).toContain(cache());
  });

  test('tells how far it is', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const log: string[] = [];
    const wait = `while [ ! -e "${folder()}/go-on" ]; do sleep 0.02; done`;
    const env = environment(`echo github.com/a/b >&2; echo runtime >&2; ${wait}; touch "$GOBIN/temporal"`);
    const building = buildWithGo(cache(), env, (line) => log.push(line));
    await waitFor(() => {
      jest.advanceTimersByTime(15_000);
      return log.at(-1)?.includes('2 packages') ?? false;
    });
    writeFileSync(path.join(folder(), 'go-on'), '');
    await building;
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  test('passes on what Go says when it fails, and cleans up', async () => {
    const env = environment('echo github.com/a/b >&2; echo "go: no route to host" >&2; exit 1');
    await expect(buildWithGo(cache(), env, () => undefined)).rejects.toThrow(/^go: no route to host$/);
    expect(readdirSync(cache())).toEqual([]);
  });

  test('says so when it fails without a word, or is not there', async () => {
    await expect(buildWithGo(cache(), environment('exit 3'), () => undefined)).rejects.toThrow('go ended with 3');
    await expect(buildWithGo(cache(), { PATH: '/nowhere' }, () => undefined)).rejects.toThrow('Go cannot be run');
  });
});

const sdk = { createLocal: jest.fn() };
jest.mock('@temporalio/testing', () => ({
  TestWorkflowEnvironment: { createLocal: (options: unknown) => sdk.createLocal(options) },
}));

describe('the download of the SDK', () => {
  const reach = jest.spyOn(globalThis, 'fetch');
  const teardown = jest.fn();
  beforeEach(() => {
    jest.clearAllMocks();
    reach.mockResolvedValue(new Response());
  });

  test('gives the newest binary and leaves no server', async () => {
    mkdirSync(cache());
    writeFileSync(path.join(cache(), 'temporal-old'), '');
    utimesSync(path.join(cache(), 'temporal-old'), 1, 1);
    sdk.createLocal.mockImplementation(async () => {
      writeFileSync(path.join(cache(), 'temporal-1.5.1'), '');
      return { teardown };
    });
    await expect(downloadWithSdk(cache(), {}, () => undefined)).resolves.toBe(path.join(cache(), 'temporal-1.5.1'));
    expect(teardown).toHaveBeenCalledTimes(1);
    expect(sdk.createLocal.mock.calls[0]?.[0]).toMatchObject({
      server: { executable: { type: 'cached-download', downloadDir: cache() } },
    });
  });

  test('is an error when it leaves nothing', async () => {
    sdk.createLocal.mockResolvedValue({ teardown });
    await expect(downloadWithSdk(cache(), {}, () => undefined)).rejects.toThrow('left no binary');
  });

  test('is not tried where the network is closed', async () => {
    reach.mockRejectedValue(new TypeError('fetch failed'));
    await expect(downloadWithSdk(cache(), {}, () => undefined)).rejects.toThrow('fetch failed');
    expect(sdk.createLocal).not.toHaveBeenCalled();
    expect(existsSync(cache())).toBe(false);
  });
});

async function waitFor(met: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2_000 && !met(); tries += 1) await new Promise((resolve) => setImmediate(resolve));
}
