import type { Message, ToolMessage } from '../../protocol/messages';
import type { Evidence } from './support/checker';
import { Cluster } from './support/cluster';
import { gather } from './support/evidence';
import { survivors } from './support/processes';
import { LARGE, OUTPUTS } from './support/scripts';
import { emitted } from './support/tools';

/** G6: results and answers far beyond what the server takes. The run goes on, the history stays small, nothing is repeated. */

const MAX_EVENT_BYTES = 256 * 1024;
/** What is kept of one output. */
const KEPT_BYTES = 10 * 1024 * 1024;
/** Where the script reads in each result, and how much. */
const READ = { offset: 1_800_000, length: 4_000 };

let cluster: Cluster;
let evidence: Evidence;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.worker(cluster.settings('oversize'));
  await cluster.startSession('oversize', 'oversize', { script: 'oversize' });
  evidence = await gather(cluster, 'oversize', await cluster.result('oversize'));
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

function resultOf(callId: string): ToolMessage | undefined {
  return evidence.transcript.find((message): message is ToolMessage => {
    return message.role === 'tool' && message.callId === callId;
  });
}

test('the run goes on to its answer', () => {
  expect(evidence.result).toMatchObject({ stopReason: 'completed', turns: 9, toolCalls: 12 });
  expect(evidence.result?.artifact).toMatchObject({ mediaType: 'text/plain', bytes: LARGE });
});

test.each([...OUTPUTS.entries()])('output %i of %i bytes is kept up to 10 MB and can be read back', (index, bytes) => {
  const kept = Math.min(bytes, KEPT_BYTES);
  expect(resultOf(`c${index + 1}-1`)).toMatchObject({ outcome: 'ok', artifact: { bytes: kept } });
  const read = JSON.parse(resultOf(`c8-${index + 1}`)?.content ?? '{}') as { text?: string };
  expect(read.text).toBe(emitted(READ.offset + READ.length).slice(READ.offset));
});

test('an endless output is cut, kept and can be read back', () => {
  expect(resultOf('c5-1')).toMatchObject({ outcome: 'ok', artifact: { bytes: KEPT_BYTES } });
  expect(resultOf('c5-1')?.content).toContain('the rest was not kept');
  const read = JSON.parse(resultOf('c8-5')?.content ?? '{}') as { bytes?: number };
  expect(read.bytes).toBe(READ.length);
});

test('each of them took effect once, in one attempt', () => {
  const counted = (phase: string) =>
    evidence.ledger.filter((entry) => entry.phase === phase && entry.effect === 'idempotent').map(({ key }) => key);
  const keys = ['1:c1-1', '2:c2-1', '3:c3-1', '4:c4-1', '5:c5-1', '7:c7-1'];
  expect(counted('effect')).toEqual(keys);
  expect(counted('begun')).toEqual(keys);
  expect(evidence.ledger.every(({ attempt }) => attempt === 1)).toBe(true);
});

test('large texts and arguments of the model reach the tool whole and stay out of the history', () => {
  const partOf = (callId: string) =>
    evidence.transcript
      .flatMap((message: Message) => (message.role === 'assistant' ? message.content : []))
      .find((part) => part.type === 'tool-call' && part.id === callId);
  expect(partOf('c7-1')).toMatchObject({ artifact: { mediaType: 'application/json' } });
  expect(JSON.parse(resultOf('c7-1')?.content ?? '{}')).toMatchObject({ length: LARGE });
  const texts = evidence.transcript.flatMap((message) => (message.role === 'assistant' ? message.content : []));
  expect(texts.filter((part) => part.type === 'text' && part.artifact !== undefined)).toHaveLength(2);
});

test('no event is over 256 kB', () => {
  const largest = evidence.history.events.reduce((best, event) => (event.bytes > best.bytes ? event : best));
  expect(largest.bytes).toBeLessThanOrEqual(MAX_EVENT_BYTES);
});

test('what the model saw is a prefix of what it saw next', async () => {
  const requests = evidence.ledger.filter(({ phase, kind }) => phase === 'begun' && kind === 'model');
  for (const [index, request] of requests.slice(1).entries()) {
    const before = requests[index]?.hashes ?? [];
    expect(request.hashes?.slice(0, before.length)).toEqual(before);
  }
});
