import { CancelledFailure } from '@temporalio/common';
import { ProviderError } from '../../activities/providers/provider';
import type { LeaseShort, SummariseInput, SummariseResult } from '../../protocol/activities';
import type { AgentDefinition } from '../../protocol/agent';
import type { Message } from '../../protocol/messages';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { Transcript } from '../../workflows/transcript';
import { activityBench, type FakeWorkflow, modelCall } from '../fixtures/activity-bench';
import { assistant, user } from '../fixtures/messages';
import { aborted } from '../fixtures/test-tools';

/** A summary is a model call like any other: no secret goes out with it, and what it may have cost is counted. */

const SECRET = 'canary-7c1f0b';
const agent: AgentDefinition = {
  name: 'tester',
  instructions: 'Test.',
  model: 'scripted/steps',
  context: { summarise: { at: 500, model: 'condenser/steps' } },
};
/** A cent for a million tokens of input; 256 tokens of answer cost at most 0.256 dollars. */
const prices = { 'condenser/*': { inputPerMillion: 0, outputPerMillion: 1_000 } };
const WORST_USD = 0.256;
const benches: ReturnType<typeof activityBench>[] = [];

function benchOf(steps: ScriptedStep[], workflow: FakeWorkflow = {}) {
  const condenser = scriptedModel(steps, { name: 'condenser' });
  const options = { agents: [agent], providers: [scriptedModel([]), condenser], prices, env: { BANK_TOKEN: SECRET } };
  const bench = activityBench(options, workflow);
  benches.push(bench);
  return { ...bench, condenser };
}

afterAll(() => {
  for (const bench of benches) bench.close();
});

const filler = 'words and words '.repeat(60);
const talk = (said: string): Message[] => [
  user('the task'),
  assistant(`${said} ${filler}`),
  user(filler),
  assistant(filler),
  user('and now?'),
];

function summarise(
  bench: ReturnType<typeof benchOf>,
  changes: Partial<SummariseInput> = {},
  said = 'nothing',
  attempt = 1,
  info = {},
) {
  const input = { ...modelCall(bench, talk(said)), ...changes };
  return bench.attempt('summariseTranscript', input, attempt, info);
}

const failureOf = (done: Promise<never>) => done.then(undefined, (error) => error);

test('no secret goes out with the old messages, nor comes back with the summary', async () => {
  const bench = benchOf([{ text: `the token was ${SECRET}` }]);
  const done: SummariseResult = await summarise(bench, {}, `the token is ${SECRET}`).done;
  const request = JSON.stringify(bench.condenser.requests[0]);
  expect(request).toContain('the token is [secret BANK_TOKEN]');
  expect(request).not.toContain(SECRET);
  expect(JSON.stringify(done)).toContain('the token was [secret BANK_TOKEN]');
  expect(JSON.stringify(done)).not.toContain(SECRET);
});

test('nor half of one, where a long message is cut', async () => {
  // The first half of what is kept of a message ends here, in the middle of the secret.
  const long = `${'y'.repeat(10_000 - 6)}${SECRET}${'z'.repeat(20_000)}`;
  const transcript = new Transcript('run-1');
  for (const message of talk(long)) transcript.append(message);
  const bench = benchOf([{ text: 'short' }], { transcript: (from, to) => transcript.page(from, to) });
  await summarise(bench, {}, long).done;
  const request = JSON.stringify(bench.condenser.requests[0]);
  expect(request).toContain('[… cut …]');
  expect(request).not.toContain(SECRET.slice(0, 6));
});

test('costs what the price table says, and no answer can cost more than the worst case', async () => {
  const bench = benchOf([{ text: 'short', usage: { outputTokens: 10 } }]);
  expect(await summarise(bench, { budgetUsd: 1 }).done).toMatchObject({
    costUsd: 0.01,
    model: 'steps',
    usage: { outputTokens: 10 },
  });
  expect(bench.condenser.requests[0]?.parameters.maxOutputTokens).toBe(256);
});

test('is not sent where its worst case is not leased, and says what is', async () => {
  const bench = benchOf([]);
  const reply: LeaseShort = await summarise(bench, { leased: 1_000 }).done;
  expect(reply).toEqual({ short: { need: WORST_USD * 1_000_000 } });
  expect(bench.condenser.requests).toEqual([]);
  const unknown: LeaseShort = await summarise(bench, { leased: 0 }).done;
  expect(unknown.short.need).toBe(WORST_USD * 1_000_000);
});

test('cut off in the middle of its answer it has cost its worst case; refused before that, nothing', async () => {
  const cut: ScriptedStep = (_request, { onDelta }) => {
    onDelta?.({ type: 'text', text: 'the first wor' });
    return { error: new ProviderError('Model.Unavailable', 'the connection was cut') };
  };
  const torn = summarise(benchOf([cut]), { leased: 1_000_000 });
  const failure = await failureOf(torn.done);
  expect(failure).toMatchObject({ type: 'Model.Unavailable', nonRetryable: false, details: [{ lostUsd: WORST_USD }] });
  // The next attempt is told of it by the last heartbeat, and counts it against the lease.
  const heartbeatDetails = torn.heartbeats.at(-1);
  expect(heartbeatDetails).toEqual({ paid: { attempts: 1, lostUsd: WORST_USD, unseen: 0 } });
  const retried = summarise(benchOf([{ text: 'short' }]), { leased: 600_000 }, 'nothing', 2, { heartbeatDetails });
  expect(await retried.done).toMatchObject({ costUsd: 0.01, lostUsd: WORST_USD });
  const short = summarise(benchOf([]), { leased: 300_000 }, 'nothing', 2, { heartbeatDetails });
  expect(await short.done).toEqual({ short: { need: WORST_USD * 1_000_000, lostUsd: WORST_USD } });

  const busy = { error: new ProviderError('Model.RateLimited', 'later') };
  const refused = await failureOf(summarise(benchOf([busy]), { leased: 1_000_000 }).done);
  expect(refused).toMatchObject({ type: 'Model.RateLimited', details: [{ lostUsd: 0 }] });
});

test('a worker that was lost in it said nothing: its attempt counts at the worst', async () => {
  const { done } = summarise(benchOf([{ text: 'short' }]), { leased: 1_000_000 }, 'nothing', 3, {
    heartbeatDetails: { turn: 1, paid: { attempts: 1, lostUsd: 0, unseen: 0 } },
  });
  expect(await done).toMatchObject({ lostUsd: WORST_USD });
});

test('an attempt that nothing was leased for was not sent, and cost nothing when its worker was lost', async () => {
  const { done } = summarise(benchOf([]), { leased: 1_000 }, 'nothing', 3);
  expect(await done).toEqual({ short: { need: WORST_USD * 1_000_000 } });
});

test('cancelled in the middle, the cancellation says what was at risk', async () => {
  const hangs: ScriptedStep = async (_request, { signal }) => {
    await aborted(signal);
    throw signal.reason;
  };
  const { done, env } = summarise(benchOf([hangs]), { leased: 1_000_000 });
  setTimeout(() => env.cancel('CANCELLED'), 50);
  const failure = await failureOf(done);
  expect(failure).toBeInstanceOf(CancelledFailure);
  expect(failure).toMatchObject({ details: [{ lostUsd: WORST_USD }] });
});

test('a model that refuses, or says nothing, gave no summary', async () => {
  for (const step of [{ text: 'no', finish: 'refusal' as const }, { text: '  ' }]) {
    const failure = await failureOf(summarise(benchOf([step]), { leased: 1_000_000 }).done);
    // It answered: the attempt cost what it cost.
    expect(failure).toMatchObject({ type: 'Model.Refused', details: [{ lostUsd: 0.01 }] });
  }
});

test('where little is old there is nothing to do, and it costs nothing', async () => {
  const bench = benchOf([]);
  const input = { ...modelCall(bench, [user('hello')]), leased: 0 };
  expect(await bench.attempt('summariseTranscript', input).done).toMatchObject({ costUsd: 0, simulated: false });
});
