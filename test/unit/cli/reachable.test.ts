import { createServer } from 'node:net';
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

test('where somebody listens, or a proxy decides, nothing is said', async () => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(requireListening(`127.0.0.1:${port}`, {})).resolves.toBeUndefined();
  server.close();
  await expect(
    requireListening(`127.0.0.1:${await freePort()}`, { https_proxy: 'http://proxy' }),
  ).resolves.toBeUndefined();
});
