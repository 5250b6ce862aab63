import { isLarge, loadParts, offloadReply } from '../../../activities/offload';
import type { AssistantMessage, AssistantPart, Message } from '../../../protocol/messages';
import { memoryArtifacts } from '../../fixtures/memory-artifacts';
import { assistant, call, result, user } from '../../fixtures/messages';

function parts() {
  const store = memoryArtifacts();
  return {
    store,
    put: (bytes: Buffer, mediaType: string) => store.put('s', bytes, mediaType),
    get: (ref: { id: string }) => store.get('s', ref.id),
  };
}

const large = `${'é'.repeat(40_000)} the end`;
const reasoning: AssistantPart = {
  type: 'reasoning',
  provider: 'p',
  text: large,
  signature: 'sig',
  encrypted: 'enc',
  id: 'r1',
};
const messageOf = (...content: AssistantPart[]): AssistantMessage => ({ role: 'assistant', content });
const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe('a reply on its way into the history', () => {
  test('passes unchanged while its parts are small', async () => {
    const { store, ...io } = parts();
    const message = assistant('short', call('a', 'slow', { text: 'x'.repeat(60_000) }));
    expect(await offloadReply(message, io)).toEqual(message);
    expect(store.kept.size).toBe(0);
  });

  test.each<[string, AssistantPart, Partial<Record<string, unknown>>]>([
    ['text', { type: 'text', text: large }, { text: 'é'.repeat(2_000) }],
    ['arguments of a tool call', call('a', 'slow', { text: large }), { id: 'a', name: 'slow' }],
    ['reasoning', reasoning, { text: 'é'.repeat(2_000), provider: 'p', id: 'r1' }],
  ])('leaves large %s in the store, with a preview', async (_what, part, shown) => {
    const io = parts();
    const offloaded = await offloadReply(messageOf(part), io);
    expect(offloaded.content[0]).toMatchObject({ ...shown, artifact: { id: expect.stringMatching(/^sha256:/) } });
    expect(sizeOf(offloaded)).toBeLessThan(10_000);
    expect(offloaded.content[0]).not.toHaveProperty('arguments');
    expect(offloaded.content[0]).not.toHaveProperty('encrypted');
    expect(await loadParts([offloaded], io)).toEqual([messageOf(part)]);
  });

  test('keeps only the beginning of malformed arguments: they never run', async () => {
    const malformed = `{"text": "${'x'.repeat(100_000)}`;
    const message = await offloadReply(messageOf({ type: 'tool-call', id: 'a', name: 'slow', malformed }), parts());
    expect(message.content[0]).toEqual({
      type: 'tool-call',
      id: 'a',
      name: 'slow',
      malformed: malformed.slice(0, 2_000),
    });
  });

  test('no event above 256 kB comes of many parts that are small each', async () => {
    const io = parts();
    const message = assistant(
      ...Array.from({ length: 40 }, (_, at) => call(`c${at}`, 'slow', { text: 'x'.repeat(60_000), at })),
    );
    const offloaded = await offloadReply(message, io);
    expect(sizeOf(offloaded)).toBeLessThan(100_000);
    expect(await loadParts([offloaded], io)).toEqual([message]);
  });

  test('a preview never ends in half a character', async () => {
    const message = await offloadReply(assistant(`x${'🙂'.repeat(30_000)}`), parts());
    expect(message.content[0]).toMatchObject({ text: `x${'🙂'.repeat(999)}` });
  });

  test('offloading twice changes nothing', async () => {
    const io = parts();
    const once = await offloadReply(assistant(large), io);
    expect(await offloadReply(once, io)).toEqual(once);
  });

  test('the message keeps what else it has', async () => {
    expect(await offloadReply({ ...assistant(large), mark: 'm' }, parts())).toMatchObject({
      role: 'assistant',
      mark: 'm',
    });
  });
});

describe('parts on their way to a vendor', () => {
  test('images and files of the user are loaded as base64', async () => {
    const io = parts();
    const artifact = await io.put(Buffer.from([1, 2, 3]), 'image/png');
    const message: Message = {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image', mediaType: 'image/png', artifact },
      ],
    };
    expect(await loadParts([message], io)).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image', mediaType: 'image/png', data: 'AQID' },
        ],
      },
    ]);
  });

  test('tool results keep their preview: that is its purpose', async () => {
    const artifact = { id: 'sha256:none', bytes: 1, mediaType: 'text/plain' };
    const message = { ...result('a', 'preview'), artifact };
    expect(await loadParts([message], parts())).toEqual([message]);
  });

  test('messages without artifacts stay the same objects: what is counted per object is counted once', async () => {
    const messages = [user('go'), assistant('yes')];
    const loaded = await loadParts(messages, parts());
    expect(loaded[0]).toBe(messages[0]);
    expect(loaded[1]).toBe(messages[1]);
  });

  test('a lost artifact is an error, not an empty part', async () => {
    const io = parts();
    const message = await offloadReply(assistant(large), io);
    io.store.kept.clear();
    await expect(loadParts([message], io)).rejects.toMatchObject({ code: 'Artifact.Missing' });
  });
});

test.each([
  ['a short text', 'x', false],
  ['nothing', undefined, false],
  ['a long list', Array.from({ length: 20_000 }, (_, at) => at), true],
  ['many bytes in few characters', 'é'.repeat(40_000), true],
])('%s is large: %j', (_what, value, expected) => {
  expect(isLarge(value)).toBe(expected);
});
