import { createServer, type Server, type Socket } from 'node:net';
import { Connection } from '@temporalio/client';
import { requestRetries } from '../../../apps/cli/request-retries';

/** A server that hangs up on everybody. */
async function hangingUp(): Promise<{ port: number; server: Server; calls: () => number }> {
  let calls = 0;
  const server = createServer((socket: Socket) => {
    calls++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, server, calls: () => calls };
}

test('a request is given up after about a second, and closing in between throws nowhere', async () => {
  const { port, server } = await hangingUp();
  const { interceptor, settle } = requestRetries();
  const connection = Connection.lazy({ address: `127.0.0.1:${port}`, interceptors: [interceptor] });
  const thrown: unknown[] = [];
  const note = (error: unknown): void => void thrown.push(error);
  process.on('uncaughtException', note);
  const request = connection.workflowService.getSystemInfo({}).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 150));
  void settle;
  await connection.close();
  await expect(request).resolves.toBeInstanceOf(Error);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  process.off('uncaughtException', note);
  server.close();
  expect(thrown).toEqual([]);
});

test('nothing waits when nothing was tried again', async () => {
  const started = Date.now();
  await requestRetries().settle();
  expect(Date.now() - started).toBeLessThan(50);
});
