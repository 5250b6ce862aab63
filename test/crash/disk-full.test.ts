import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastClient } from '../../client';
import { AGENT } from './support/agents';
import { Cluster } from './support/cluster';
import { type Undisturbed, undisturbed } from './support/evidence';
import { LONG } from './support/points';
import { survivors } from './support/processes';
import { seeded } from './support/random';
import { say } from './support/report';
import { SmallDisk } from './support/small-disk';
import { busy, type Wave, wave } from './support/wave';

/**
 * G1: the disk that the server and the workers keep everything on is full for a while, with sessions, chats and a schedule in flight.
 * Nothing can be recorded then; once there is room again, all of them go on.
 */

const MEGABYTES = 64;
const FULL_MS = LONG ? 30_000 : 5_000;
const SIZE = LONG
  ? { sessions: 20, chats: 6, messages: 8, every: 5 }
  : { sessions: 2, chats: 1, messages: 2, every: 5 };
/** Characters of a session's input, and how many such sessions are started before the disk is not believed to be full. */
const LARGE = 150_000;
const MOST_STARTS = 100;
/** A start that was not answered by then is one the server cannot keep. */
const ANSWER_MS = 3_000;
const MINUTES = 60_000;
const QUEUE = 'disk-full';

const disk = SmallDisk.mount(MEGABYTES);
if (!disk) say('disk full: skipped, a small disk can be mounted by root on Linux only');
const given = disk ? describe : describe.skip;

given('the disk is full for a while', () => {
  let cluster: Cluster;
  let calm: Undisturbed;
  let told: Wave;
  /** Sessions that could be started although the disk was full. */
  const kept: string[] = [];
  let refused = false;
  let callsMeanwhile: number;

  beforeAll(async () => {
    cluster = await Cluster.start({ disk: disk?.folder });
    cluster.patienceMs = 10 * MINUTES;
    calm = await undisturbed(cluster);
    await Promise.all([0, 1].map(() => cluster.worker(cluster.settings(QUEUE))));
    told = await wave(cluster, 'full', { queue: QUEUE, random: seeded(11), ...SIZE }, calm.expected, trouble);
  }, 20 * MINUTES);

  afterAll(async () => {
    await cluster?.stop();
    disk?.unmount();
    expect(await survivors()).toEqual([]);
  });

  async function trouble(): Promise<void> {
    await busy(cluster, SIZE.sessions * 3);
    let full = true;
    // Again and again: what the server gives up by itself is taken too.
    const filling = (async () => {
      for (; full; await sleep(20)) disk?.fill();
    })();
    // The database's log has room of its own for a while, which these use up; nobody works on them.
    for (let at = 0; at < MOST_STARTS && !refused; at++) {
      const id = `while-full-${at}`;
      if (await startedInTime(id)) kept.push(id);
      else refused = true;
    }
    const from = Date.now();
    await sleep(FULL_MS);
    callsMeanwhile = cluster.ledger.entries().filter(({ phase, at }) => phase === 'begun' && at > from).length;
    full = false;
    await filling;
    disk?.free();
  }

  async function startedInTime(id: string): Promise<boolean> {
    const holdfast = new HoldfastClient(cluster.client, { taskQueue: 'nobody' });
    const starting = holdfast.start(AGENT, { id, input: 'x'.repeat(LARGE) }).then(
      () => true,
      () => false,
    );
    return Promise.race([starting, sleep(ANSWER_MS).then(() => false)]);
  }

  test('nothing more can be started on it, and what was is kept', async () => {
    expect(refused).toBe(true);
    const { workflow } = cluster.client;
    const statuses = await Promise.all(kept.map(async (id) => (await workflow.getHandle(id).describe()).status.name));
    expect(statuses).toEqual(kept.map(() => 'RUNNING'));
  });

  test('all resume once there is room', () => {
    say(
      `disk full for ${FULL_MS / 1_000} s: ${told.verdicts.length} runs, ${told.scheduled} of them started by the schedule; ` +
        `${kept.length} starts before nothing could be written, ${callsMeanwhile} calls after it`,
    );
    expect([...told.findings, ...told.verdicts.flatMap(({ findings }) => findings)]).toEqual([]);
    expect(told.verdicts).toHaveLength(SIZE.sessions + SIZE.chats + told.scheduled);
  });
});
