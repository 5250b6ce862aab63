import { awaitHealthy } from '../../../workers/embedded/await-healthy';
import { freePort } from '../../../workers/embedded/ports';

test('gives the reason when the time is over', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await expect(awaitHealthy(address, 'default', 60, () => false)).resolves.toMatchObject({ code: 'ECONNREFUSED' });
});

test('does not wait for what is gone', async () => {
  const started = Date.now();
  await expect(awaitHealthy('127.0.0.1:1', 'default', 30_000, () => true)).resolves.toBeInstanceOf(Error);
  expect(Date.now() - started).toBeLessThan(5_000);
});
