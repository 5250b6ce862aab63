import { serverSentEvents } from '../../activities/providers/server-sent-events';

/** Every place a network may cut the bytes. */
async function read(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  const events: [string, string][] = [];
  for await (const { event, data } of serverSentEvents(body)) events.push([event, data]);
  return events;
}

describe.each([1, 2, 3, 7, 1_000])('in pieces of %i bytes', (size) => {
  test.each([
    [
      'one a line',
      'data: {"a":1}\n\ndata: [DONE]\n\n',
      [
        ['message', '{"a":1}'],
        ['message', '[DONE]'],
      ],
    ],
    [
      'with a name',
      'event: delta\ndata: x\n\ndata: y\n\n',
      [
        ['delta', 'x'],
        ['message', 'y'],
      ],
    ],
    ['of several lines', 'data: one\ndata: two\ndata\n\n', [['message', 'one\ntwo\n']]],
    [
      'with other ends of lines',
      'data: a\r\n\r\ndata: b\r\rdata: c\n\r\n',
      [
        ['message', 'a'],
        ['message', 'b'],
        ['message', 'c'],
      ],
    ],
    ['pings and unknown fields', ': ping\n\nid: 7\nretry: 10\n\ndata: a\n\n', [['message', 'a']]],
    [
      'without the space',
      'data:x\n\ndata:  y\n\n',
      [
        ['message', 'x'],
        ['message', ' y'],
      ],
    ],
    ['more than one byte a letter', 'data: grüße 🚀\n\n', [['message', 'grüße 🚀']]],
    ['cut off', 'data: whole\n\ndata: half', [['message', 'whole']]],
    ['cut off after a line', 'data: whole\n\ndata: half\n', [['message', 'whole']]],
    ['nothing', '', []],
  ])('%s', async (_what, text, wanted) => expect(await read(text, size)).toEqual(wanted));
});

test('an answer without a body has no events', async () => {
  const events: unknown[] = [];
  for await (const event of serverSentEvents(null)) events.push(event);
  expect(events).toEqual([]);
});
