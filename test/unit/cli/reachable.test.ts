import { createServer as createHttp } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer, type Server } from 'node:net';
import { requireListening } from '../../../apps/cli/reachable';
import { freePort } from '../../../workers/embedded/ports';

test('a port nobody listens on is refused at once, with the reason', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const started = Date.now();
  await expect(requireListening(address, {})).rejects.toMatchObject({
    code: 'Server.Unreachable',
    message: `no Temporal server answers at ${address}: nothing listens there`,
  });
  expect(Date.now() - started).toBeLessThan(1_000);
});

test('a host that does not exist is refused', async () => {
  await expect(requireListening('no-such-host.invalid:7233', {})).rejects.toMatchObject({ code: 'Server.Unreachable' });
});

describe('where somebody listens', () => {
  async function listening(server: Server): Promise<string> {
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return `127.0.0.1:${port}`;
  }

  test.each<[string, () => Server]>([
    ['speaks HTTP/2, as gRPC does', () => createHttp2()],
    ['says nothing, as a slow tunnel does', () => createServer((socket) => socket.on('error', () => undefined))],
    ['hangs up, as TLS does', () => createServer((socket) => socket.on('error', () => undefined).end())],
  ])('that %s, the client is left to find out', async (_what, make) => {
    const server = make();
    await expect(requireListening(await listening(server), {})).resolves.toBeUndefined();
    server.close();
  });

  test.each<[string, () => Server]>([
    ['a web server', () => createHttp((_request, response) => response.end('hello'))],
    [
      'something else',
      () => createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2\r\n')),
    ],
  ])('and it is %s, it is refused, unless TLS is spoken', async (_what, make) => {
    const server = make();
    const address = await listening(server);
    await expect(requireListening(address, {})).rejects.toMatchObject({
      code: 'Server.Unreachable',
      message: expect.stringContaining('does not speak gRPC'),
    });
    await expect(requireListening(address, {}, true)).resolves.toBeUndefined();
    server.close();
  });

  test('a proxy decides, nothing is said', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await expect(requireListening(address, { https_proxy: 'http://proxy' })).resolves.toBeUndefined();
  });
});
