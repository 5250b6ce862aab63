import type { AdoptedTranscript, AdoptTranscriptInput } from '../../protocol/activities';
import { markOf, rollDigest } from '../../protocol/digest';
import type { Message, ToolMessage } from '../../protocol/messages';
import { activityBench } from '../fixtures/activity-bench';
import { assistant, call, marked, result, user } from '../fixtures/messages';

/** The beginning of a fork: what of another run is copied, and what is refused. */

const benches: ReturnType<typeof activityBench>[] = [];
afterAll(() => {
  for (const bench of benches) bench.close();
});

function benchOf(messages: Message[] | null, describe: () => unknown = () => described('first')) {
  const transcript = (from: number, to: number) =>
    messages && { from, next: to, length: messages.length, messages: messages.slice(from, to), segments: [] };
  const bench = activityBench({}, { transcript, describe });
  benches.push(bench);
  const adopt = (changes: Partial<AdoptTranscriptInput> = {}): Promise<AdoptedTranscript> =>
    bench.attempt('adoptTranscript', {
      fork: { id: 'source', at: messages?.length ?? 1 },
      firstRunId: 'run-1',
      hasInput: true,
      ...changes,
    }).done;
  return { ...bench, adopt };
}

const described = (firstRunId?: string) => ({ runId: 'latest', raw: { workflowExecutionInfo: { firstRunId } } });

test('copies the messages and what they refer to; the copies stand on their own', async () => {
  const stored = Buffer.from('much text');
  const bench = benchOf([]);
  const { artifacts } = bench.services;
  const artifact = await artifacts.put('source:first', stored, 'text/plain');
  const said = marked(assistant('Look.', call('a', 'look')));
  said.content.push({ type: 'text', text: 'preview', artifact });
  const found: ToolMessage = marked({ ...result('a', 'preview', 'look'), artifact });
  const kept = [user('go'), said, found, marked(result('b'))];
  const { adopt } = benchOf(kept);
  const other = benches.at(-1) as (typeof benches)[number];
  await other.services.artifacts.put('source:first', stored, 'text/plain');

  const { segment, digest, permissions } = await adopt();
  expect(segment).toMatchObject({ from: 0, to: 4, runId: 'latest', workflowId: 'source' });
  const copied = await other.services.artifacts.get('wf:run-1', segment.artifact.id);
  expect(JSON.parse(copied.toString('utf8'))).toEqual(kept);
  expect(await other.services.artifacts.get('wf:run-1', artifact.id)).toEqual(stored);
  expect(digest).toBe(kept.reduce((sum, message) => rollDigest(sum, markOf(message) ?? JSON.stringify(message)), ''));
  // Again: content-addressed, so the same.
  expect(await adopt()).toEqual({ segment, digest, permissions });
});

test('a run of one Temporal run is its own first', async () => {
  const bench = benchOf([user('go')], () => described());
  const stored = await bench.services.artifacts.put('source:latest', Buffer.from('x'), 'text/plain');
  const said = { ...assistant('Look.'), content: [{ type: 'text' as const, text: 'preview', artifact: stored }] };
  const other = benchOf([user('go'), said], () => described());
  await other.services.artifacts.put('source:latest', Buffer.from('x'), 'text/plain');
  await other.adopt();
  expect(await other.services.artifacts.get('wf:run-1', stored.id)).toEqual(Buffer.from('x'));
});

const asked = [user('go'), assistant(call('a', 'look'), call('b', 'look')), result('a')];

test.each<[string, Message[] | null, Partial<AdoptTranscriptInput>, string]>([
  ['more messages than there are', [user('go')], { fork: { id: 'source', at: 2 } }, '"source" has 1 messages'],
  ['a run that has none yet', null, {}, '"source" has 0 messages'],
  ['a place between a call and its result', asked, {}, 'take 1 or 4'],
  ['an answer with nothing after it', [user('go'), assistant('Done.')], { hasInput: false }, 'give an input'],
])('%s is refused for good', async (_what, messages, changes, message) => {
  await expect(benchOf(messages).adopt(changes)).rejects.toMatchObject({
    type: 'Input.Invalid',
    nonRetryable: true,
    message: expect.stringContaining(message),
  });
});

test('an unknown run is refused for good; a server that is away is asked again', async () => {
  const failing = (name: string) => () => {
    throw Object.assign(new Error('no such workflow'), { name });
  };
  await expect(benchOf([], failing('WorkflowNotFoundError')).adopt()).rejects.toMatchObject({
    type: 'Run.Unknown',
    nonRetryable: true,
    message: 'there is no run "source" to fork',
  });
  await expect(benchOf([], failing('ServiceError')).adopt()).rejects.toMatchObject({ nonRetryable: false });
});
