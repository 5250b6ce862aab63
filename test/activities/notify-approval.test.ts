import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createNotifyApproval } from '../../activities/approvals/notify-approval';
import { webhook } from '../../activities/notifiers/webhook';
import type { NotifyApprovalInput } from '../../protocol/approval';

/** The webhook against a real server that fails in the ways servers do. */

interface Delivery {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}
type Reaction = number | 'hang' | 'redirect' | 'cut';

let server: Server;
let origin: string;
let deliveries: Delivery[] = [];
let reactions: Reaction[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      deliveries.push({ url: request.url ?? '', headers: request.headers, body });
      const reaction = request.url === '/other' ? 204 : (reactions.shift() ?? 204);
      if (reaction === 'hang') return;
      if (reaction === 'cut') return void request.socket.destroy();
      if (reaction === 'redirect') return void response.writeHead(307, { location: `${origin}/other` }).end();
      response.writeHead(reaction).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  deliveries = [];
  reactions = [];
});

const notice: NotifyApprovalInput = {
  event: 'asked',
  approval: 'r/ask-1',
  request: { kind: 'tool-call', title: 'pay', run: 'r', digest: 'd' },
  approvers: ['role:boss'],
  expiresAt: null,
};
const key = 'a-key';
const hook = (more = {}) => webhook({ url: `${origin}/hook?token=secret`, key, timeoutMs: 300, ...more });
const send = (notifier = hook()) => notifier.notify(notice, 'r/ask-1:1', new AbortController().signal);

test('a notice is the request in JSON, signed over its time and its bytes', async () => {
  await send();
  const { headers, body } = deliveries[0] as Delivery;
  expect(JSON.parse(body)).toEqual(notice);
  expect(headers['holdfast-delivery']).toBe('r/ask-1:1');
  const [, time = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['holdfast-signature'])) ?? [];
  expect(mac).toBe(createHmac('sha256', key).update(`${time}.${body}`).digest('hex'));
  expect(Math.abs(Number(time) * 1_000 - Date.now())).toBeLessThan(60_000);
});

test.each<[Reaction, string]>([
  [500, 'answered 500'],
  ['hang', 'timeout'],
  ['cut', 'fetch failed'],
  ['redirect', 'fetch failed'],
])('what is answered with %p is not delivered, and the secret of the address stays one', async (reaction, why) => {
  reactions = [reaction];
  const failure = await send().catch((error) => error);
  expect(failure).toMatchObject({ code: 'Notice.Undelivered', message: expect.stringContaining(why) });
  expect(failure.message).not.toContain('secret');
  expect(deliveries.map(({ url }) => url)).toEqual(['/hook?token=secret']);
});

test('after a failure only those are told who were not told before', async () => {
  const told: string[] = [];
  const noting = (name: string) => ({ name, notify: async () => void told.push(name) });
  const notifiers = [noting('log'), noting('mail'), hook(), noting('chat')];
  let details: unknown;
  const attempt = async (number: number) => {
    const env = new MockActivityEnvironment({ attempt: number, activityId: '7', heartbeatDetails: details });
    env.on('heartbeat', (given) => {
      details = given;
    });
    return env.run(createNotifyApproval({ notifiers }), notice);
  };
  reactions = [500, 'hang', 200];
  await expect(attempt(1)).rejects.toMatchObject({ type: 'Notice.Undelivered', nonRetryable: false });
  await expect(attempt(2)).rejects.toMatchObject({ type: 'Notice.Undelivered' });
  await attempt(3);
  expect(told.sort()).toEqual(['chat', 'log', 'mail']);
  expect(deliveries.map(({ headers }) => headers['holdfast-delivery'])).toEqual(Array(3).fill('r/ask-1:7'));
});

test('two webhooks of one host are both told, and a slow one keeps nobody waiting', async () => {
  reactions = ['hang', 204];
  const started = Date.now();
  let slow = 0;
  const quick = {
    name: 'quick',
    notify: async () => {
      slow = Date.now() - started;
    },
  };
  const env = new MockActivityEnvironment({ attempt: 1 });
  const notifiers = [hook({ url: `${origin}/a` }), hook({ url: `${origin}/b` }), quick];
  await expect(env.run(createNotifyApproval({ notifiers }), notice)).rejects.toMatchObject({
    type: 'Notice.Undelivered',
  });
  expect(deliveries.map(({ url }) => url).sort()).toEqual(['/a', '/b']);
  expect(slow).toBeLessThan(250);
});
