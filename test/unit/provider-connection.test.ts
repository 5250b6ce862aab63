import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Connection, LostError, StallError } from '../../activities/providers/connection';

let server: http.Server;
let url: string;
let handle: http.RequestListener;
beforeAll(async () => {
  server = http.createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x?y=1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const patient = { idleMs: Number.POSITIVE_INFINITY, firstByteMs: Number.POSITIVE_INFINITY };

describe('the connection', () => {
  it('sends method, headers and body, and gives status, headers and body back', async () => {
    handle = async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.writeHead(201, { 'x-path': request.url ?? '', 'x-length': request.headers['content-length'] ?? '' });
      response.end(`${request.method} ${request.headers['x-own']} ${Buffer.concat(chunks).toString()}`);
    };
    const fetch = new Connection().fetchWith(patient);
    const posted = await fetch(url, { method: 'POST', headers: { 'X-Own': 'yes' }, body: 'bödy' });
    expect(posted.status).toBe(201);
    expect(posted.headers.get('x-path')).toBe('/x?y=1');
    expect(posted.headers.get('x-length')).toBe('5');
    expect(posted.headers.get('set-cookie')).toBe('a=1, b=2');
    expect(await posted.text()).toBe('POST yes bödy');
    expect(await (await fetch(new Request(url))).text()).toBe('GET undefined ');
    const bytes = new Uint8Array(Buffer.from('bytes'));
    expect(await (await fetch(url, { method: 'PUT', body: bytes })).text()).toBe('PUT undefined bytes');
  });

  it('counts requests and reuse, and asks for no compression', async () => {
    let encoding: unknown;
    handle = (request, response) => {
      encoding = request.headers['accept-encoding'];
      response.end('ok');
    };
    const connection = new Connection();
    const fetch = connection.fetchWith(patient);
    for (let n = 0; n < 3; n++) await (await fetch(url)).text();
    expect(connection.stats).toEqual({ requests: 3, reused: 2 });
    expect(encoding).toBe('identity');
  });

  it('reads answers without a body', async () => {
    handle = (_, response) => response.writeHead(204).end();
    const answer = await new Connection().fetchWith(patient)(url);
    expect([answer.status, answer.body]).toEqual([204, null]);
  });

  it('passes a large body on whole while the reader is slow', async () => {
    handle = (_, response) => {
      for (let n = 0; n < 400; n++) response.write('x'.repeat(20_000));
      response.end();
    };
    const answer = await new Connection().fetchWith({ idleMs: 5_000 })(url);
    await new Promise((resolve) => setTimeout(resolve, 100));
    let bytes = 0;
    for await (const chunk of answer.body ?? []) bytes += chunk.length;
    expect(bytes).toBe(8_000_000);
  });

  it('hangs up when the reader stops reading', async () => {
    const closed = new Promise<boolean>((resolve) => {
      handle = (_, response) => {
        const timer = setInterval(() => response.write('tick'), 5);
        response.once('close', () => {
          clearInterval(timer);
          resolve(response.writableFinished);
        });
      };
    });
    const answer = await new Connection().fetchWith({ idleMs: 5_000 })(url);
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await closed).toBe(false);
  });

  it('stalls by phase', async () => {
    handle = (request, response) => {
      if (request.method === 'POST') response.write('half');
    };
    const fetch = new Connection().fetchWith({ firstByteMs: 50, idleMs: 60 });
    await expect(fetch(url)).rejects.toEqual(new StallError('first-byte', 50));
    const answer = await fetch(url, { method: 'POST' });
    await expect(answer.text()).rejects.toMatchObject({ name: 'StallError', phase: 'idle', afterMs: 60 });
  });

  it('does not stall while pieces keep coming', async () => {
    handle = (_, response) => {
      let sent = 0;
      const timer = setInterval(() => {
        response.write('.');
        if (++sent === 8) {
          clearInterval(timer);
          response.end();
        }
      }, 40);
    };
    const answer = await new Connection().fetchWith({ idleMs: 150 })(url);
    expect(await answer.text()).toBe('........');
  });

  it('aborts before, while waiting, and in the body', async () => {
    handle = (request, response) => {
      if (request.method === 'POST') response.write('half');
    };
    const fetch = new Connection().fetchWith(patient);
    await expect(fetch(url, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    const waiting = new AbortController();
    const running = fetch(url, { signal: waiting.signal });
    setTimeout(() => waiting.abort(new Error('while')), 20);
    await expect(running).rejects.toThrow('while');
    const reading = new AbortController();
    const answer = await fetch(url, { method: 'POST', signal: reading.signal });
    setTimeout(() => reading.abort(new Error('within')), 20);
    await expect(answer.text()).rejects.toThrow('within');
  });

  it('says what was lost', async () => {
    handle = (request, response) => {
      if (request.method === 'POST') response.write('half', () => request.socket.destroy());
      else request.socket.destroy();
    };
    const fetch = new Connection().fetchWith(patient);
    await expect(fetch(url)).rejects.toMatchObject({ name: 'LostError', code: 'ECONNRESET' });
    const answer = await fetch(url, { method: 'POST' });
    await expect(answer.text()).rejects.toBeInstanceOf(LostError);
  });
});
