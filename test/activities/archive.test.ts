import type { Message } from '../../protocol/messages';
import type { TranscriptSegment } from '../../protocol/session';
import { scriptedModel } from '../../testing/scripted-model';
import { Transcript } from '../../workflows/transcript';
import { activityBench, type FakeWorkflow, modelCall } from '../fixtures/activity-bench';
import { user } from '../fixtures/messages';

const benches: ReturnType<typeof activityBench>[] = [];
const agents = [{ name: 'tester', instructions: 'Test.', model: 'scripted/steps' }];
const messages = Array.from({ length: 6 }, (_, at) => user(`${at} ${'x'.repeat(5_000)}`));

function benchOf(workflow: FakeWorkflow) {
  const model = scriptedModel([{ text: 'done' }, { text: 'done' }]);
  const bench = activityBench({ agents, providers: [model] }, workflow);
  benches.push(bench);
  return { ...bench, model };
}

afterAll(() => {
  for (const bench of benches) bench.close();
});

/** Answers as a workflow does, two messages a page, from the position its Temporal run begins at. */
function pages(base = 0, segments: TranscriptSegment[] = [], known: Message[] = messages): FakeWorkflow {
  return {
    transcript: (from, to) => {
      const start = Math.max(from, base);
      const page = known.slice(start, Math.min(to, start + 2));
      return { from: start, next: start + page.length, length: known.length, messages: page, segments };
    },
  };
}

const archive = (bench: ReturnType<typeof benchOf>, from: number, to: number): Promise<TranscriptSegment> =>
  bench.attempt('archiveTranscript', { firstRunId: 'run-1', from, to, digest: '' }).done;

describe('archiving before a roll-over', () => {
  test('reads all pages of this run and keeps them in the store', async () => {
    const bench = benchOf(pages());
    const segment = await archive(bench, 0, 6);
    expect(segment).toMatchObject({ from: 0, to: 6, runId: 'run-2', artifact: { mediaType: 'application/json' } });
    expect(bench.queries).toHaveLength(3);
    const bytes = await bench.services.artifacts.get('wf:run-1', segment.artifact.id);
    expect(JSON.parse(bytes.toString('utf8'))).toEqual(messages);
  });

  test('done twice gives the same: an attempt may be repeated', async () => {
    const bench = benchOf(pages());
    expect(await archive(bench, 0, 6)).toEqual(await archive(bench, 0, 6));
  });

  test('fails while the workflow does not answer, and is tried again', async () => {
    await expect(archive(benchOf({}), 0, 6)).rejects.toMatchObject({ type: 'Transcript.Missing', nonRetryable: false });
  });

  test('fails when the workflow has fewer messages than it said, instead of asking for ever', async () => {
    await expect(archive(benchOf(pages(0, [], messages.slice(0, 3))), 0, 6)).rejects.toMatchObject({
      type: 'Transcript.Missing',
    });
  });
});

describe('a call in a later Temporal run', () => {
  const whole = () => {
    const transcript = new Transcript('run-1');
    for (const message of messages) transcript.append(message);
    return { ...transcript.pointer(), delta: [] };
  };

  async function segmentsIn(bench: ReturnType<typeof benchOf>): Promise<TranscriptSegment[]> {
    return [await archive(bench, 0, 2), await archive(bench, 2, 4)];
  }

  test('reads what earlier runs said out of the store, the rest by query', async () => {
    const segments: TranscriptSegment[] = [];
    const workflow = pages(0, segments);
    const bench = benchOf(workflow);
    segments.push(...(await segmentsIn(bench)));
    Object.assign(workflow, pages(4, segments));
    await bench.attempt('invokeModel', { ...modelCall(bench), transcript: whole() }).done;
    expect(bench.model.requests[0]?.messages).toEqual(messages);
  });

  test('asks the closed runs when the store has lost them', async () => {
    const segments: TranscriptSegment[] = [];
    const workflow = pages(0, segments);
    const bench = benchOf(workflow);
    segments.push(...(await segmentsIn(bench)));
    await bench.services.artifacts.deleteScope('wf:run-1');
    let asked = 0;
    const latest = pages(4, segments);
    const closed = pages(0, segments);
    // The first question goes to the running run; those for what it lacks to the closed ones.
    workflow.transcript = (from, to) => (asked++ === 0 ? latest : closed).transcript?.(from, to);
    await bench.attempt('invokeModel', { ...modelCall(bench), transcript: whole() }).done;
    expect(bench.model.requests[0]?.messages).toEqual(messages);
  });

  test('fails for now when closed runs are gone too', async () => {
    const artifact = { id: `sha256:${'a'.repeat(64)}`, bytes: 1, mediaType: 'application/json' };
    const latest = pages(4, [{ from: 0, to: 4, runId: 'gone', artifact }]);
    let asked = 0;
    const bench = benchOf({ transcript: (from, to) => (asked++ === 0 ? latest.transcript?.(from, to) : null) });
    const call = { ...modelCall(bench), transcript: whole() };
    await expect(bench.attempt('invokeModel', call).done).rejects.toMatchObject({
      type: 'Transcript.Missing',
      nonRetryable: false,
      message: expect.stringContaining('messages 0 to 4'),
    });
  });
});

test('a tool is looked up by name, or refused', async () => {
  const bench = benchOf({});
  expect(await bench.attempt('resolveTool', 'calculator').done).toMatchObject({ name: 'calculator', effect: 'read' });
  await expect(bench.attempt('resolveTool', 'nothing').done).rejects.toMatchObject({
    type: 'Tool.Unknown',
    nonRetryable: true,
  });
});
