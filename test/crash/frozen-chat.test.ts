import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatHandle, HoldfastClient } from '../../client';
import { AGENT } from './support/agents';
import { check, type Evidence, type Verdict } from './support/checker';
import { Cluster } from './support/cluster';
import { gather } from './support/evidence';
import type { LedgerEntry } from './support/ledger';
import { survivors } from './support/processes';
import type { WorkerHandle } from './support/worker-handle';

/**
 * G1 for chats: a worker stops for longer than its heartbeat in the middle of an exchange, another does its call again, then it
 * wakes up and answers. The chat has each message once, and goes on with both of them there. Sessions: `worker-process.test.ts`.
 */

const SLOW_MS = 3_000;
/** A silent worker counts as lost after three seconds. */
const FROZEN_MS = 5_000;

interface Story {
  evidence: Evidence;
  verdict: Verdict;
  zombie: number;
  /** Answers in the order of the messages. */
  answers: string[];
}

const KINDS = { model: `think ${SLOW_MS} of it`, tool: `slow ${SLOW_MS} to keep` } as const;
type Kind = keyof typeof KINDS;
/** The call of the second exchange that is frozen: after two turns of the first one. */
const FROZEN: Record<Kind, string> = { model: 'turn-3', tool: '3:c3-1' };

let cluster: Cluster;
let stories: Record<Kind, Story>;

beforeAll(async () => {
  cluster = await Cluster.start();
  const first = await worker();
  const chats = { model: await opened('model'), tool: await opened('tool') };
  const replies = {
    model: await chats.model.send(KINDS.model, { id: 'm-1' }),
    tool: await chats.tool.send(KINDS.tool, { id: 'm-1' }),
  };
  for (const kind of ['model', 'tool'] as const) await begun(kind, undefined);
  first.signal('SIGSTOP');
  const [second] = await Promise.all([worker(), sleep(FROZEN_MS)]);
  for (const kind of ['model', 'tool'] as const) expect((await begun(kind, first.pid)).pid).toBe(second.pid);
  first.signal('SIGCONT');
  const told = async (kind: Kind): Promise<Story> => {
    const answers = [String((await cluster.whenUp(() => replies[kind].reply())).output)];
    await late(kind, first.pid);
    // Either of them may do what follows.
    for (const id of ['m-2', 'm-3']) {
      const sent = await cluster.whenUp(() => chats[kind].send(id, { id }));
      answers.push(String((await cluster.whenUp(() => sent.reply())).output));
    }
    await chats[kind].close();
    const evidence = await gather(cluster, kind, await cluster.result(kind));
    return {
      evidence,
      verdict: check(evidence, undefined, { zombies: new Set([first.pid]) }),
      zombie: first.pid,
      answers,
    };
  };
  const [model, tool] = await Promise.all([told('model'), told('tool')]);
  stories = { model, tool };
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

function worker(): Promise<WorkerHandle> {
  return cluster.worker(cluster.settings('frozen-chat', { polls: 2 }));
}

/** A chat whose first exchange is over. */
async function opened(id: string): Promise<ChatHandle> {
  const chat = new HoldfastClient(cluster.client, { taskQueue: 'frozen-chat' }).chat(AGENT, { id });
  await (await chat.send(JSON.stringify({ script: 'chat' }), { id: 'm-0' })).reply();
  return chat;
}

/** The beginning of the call that is frozen, by another process than the one named. */
function begun(kind: Kind, notBy: number | undefined): Promise<LedgerEntry> {
  return entry(kind, ({ phase, pid }) => phase === 'begun' && pid !== notBy);
}

/** The world's answer to the one that was frozen has been given, if not to its first attempt. */
async function late(kind: Kind, zombie: number): Promise<void> {
  await entry(kind, ({ phase, pid }) => (phase === 'ended' || phase === 'aborted') && pid === zombie);
  // It is told to the server, and refused, within a moment.
  await sleep(500);
}

async function entry(kind: Kind, wanted: (entry: LedgerEntry) => boolean): Promise<LedgerEntry> {
  for (const deadline = Date.now() + 60_000; ; await sleep(20)) {
    const found = cluster.ledger.entries(kind).find((one) => one.key === FROZEN[kind] && wanted(one));
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${kind}: nobody ever came to ${FROZEN[kind]}`);
  }
}

describe.each(['model', 'tool'] as const)('frozen in a %s call', (kind) => {
  test('the later attempt, by another, counts', () => {
    const { evidence, verdict, zombie } = stories[kind];
    expect(verdict.findings).toEqual([]);
    const recorded = evidence.history.recorded.filter(({ key }) => key === FROZEN[kind]);
    expect(recorded).toHaveLength(1);
    const tries = evidence.ledger.filter(({ phase, key }) => phase === 'begun' && key === FROZEN[kind]);
    expect(tries[0]).toMatchObject({ attempt: 1, pid: zombie });
    const counted = tries.find(({ attempt }) => attempt === recorded[0]?.attempt);
    expect(counted?.attempt).toBeGreaterThan(1);
    expect(counted?.pid).not.toBe(zombie);
  });

  test('nothing is in the transcript twice, and no other call was made twice', () => {
    const { evidence, answers } = stories[kind];
    const said = [JSON.stringify({ script: 'chat' }), KINDS[kind], 'm-2', 'm-3'];
    const roles = evidence.transcript.map(({ role }) => role);
    expect(roles).toEqual(said.flatMap(() => ['user', 'assistant', 'tool', 'assistant']));
    expect(answers).toEqual(said.slice(1).map((text, index) => `heard ${text} (turn ${2 * index + 4})`));
    const begun = evidence.ledger.filter(({ phase, key }) => phase === 'begun' && key !== FROZEN[kind]);
    expect(begun.map(({ key }) => key).sort()).toEqual([...new Set(begun.map(({ key }) => key))].sort());
    const effects = evidence.ledger.filter(({ phase }) => phase === 'effect').map(({ key }) => key);
    expect(effects).toEqual(['1:c1-1', '3:c3-1', '5:c5-1', '7:c7-1']);
  });
});
