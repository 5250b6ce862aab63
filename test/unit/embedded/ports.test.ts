import { type AddressInfo, createServer, type Server } from 'node:net';
import { freePort, holderOf, requireFreePort } from '../../../workers/embedded/ports';

const squatters: Server[] = [];
afterEach(() => {
  for (const squatter of squatters.splice(0)) squatter.close();
});

async function squat(): Promise<number> {
  const squatter = createServer();
  squatters.push(squatter);
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  return (squatter.address() as AddressInfo).port;
}

test('a free port is free, and 0 always is', async () => {
  const port = await freePort();
  expect(port).toBeGreaterThan(1023);
  await expect(requireFreePort(port, 'a test', 'A_PORT')).resolves.toBeUndefined();
  await expect(requireFreePort(0, 'a test', 'A_PORT')).resolves.toBeUndefined();
  expect(holderOf(port)).toBeUndefined();
});

test('a busy port is refused with who holds it and what to do', async () => {
  const port = await squat();
  expect(holderOf(port)?.pid).toBe(process.pid);
  await expect(requireFreePort(port, 'the moon', 'MOON_PORT')).rejects.toMatchObject({
    code: 'Server.PortBusy',
    message: expect.stringMatching(
      new RegExp(`^port ${port} for the moon is in use by process ${process.pid} \\(.*node`),
    ),
    hint: expect.stringMatching(/MOON_PORT.*TEMPORAL_ADDRESS/),
    details: { port, pid: process.pid },
  });
});
