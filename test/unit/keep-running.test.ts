import { setTimeout as sleep } from 'node:timers/promises';
import { keepRunning, type Running } from '../../workers/keep-running';

interface Thing extends Running {
  life: number;
  end(reason?: Error): void;
}

/** Things that run until they are ended or stopped, and what happened to them. */
function things() {
  const made: Thing[] = [];
  const events: string[] = [];
  const start = async (): Promise<Thing> => {
    const life = made.length + 1;
    let end: Thing['end'] = () => undefined;
    const done = new Promise<void>((resolve, reject) => {
      end = (reason) => (reason ? reject(reason) : resolve());
    });
    const stop = async () => {
      events.push(`stop ${life}`);
      end();
    };
    const thing = { life, end, done, stop };
    made.push(thing);
    return thing;
  };
  return { made, events, start };
}

async function until(met: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !met(); tries += 1) await sleep(2);
}

const quick = { name: 'thing', backoffMs: 1 };

test('what ends is started again, and the log says why it ended', async () => {
  const { made, start } = things();
  const log: string[] = [];
  const kept = await keepRunning(start, { ...quick, log: (line) => log.push(line) });
  made[0]?.end();
  await until(() => kept.current.life === 2);
  made[1]?.end(new Error('out of luck'));
  await until(() => kept.current.life === 3);
  expect(log).toEqual(['thing ended; starting it again', 'thing ended (out of luck); starting it again']);
  await kept.stop();
});

test('each start is given the one before', async () => {
  const { made, start } = things();
  const before: (number | undefined)[] = [];
  const kept = await keepRunning(
    (previous: Thing | undefined) => {
      before.push(previous?.life);
      return start();
    },
    { ...quick },
  );
  made[0]?.end();
  await until(() => made.length === 2);
  expect(before).toEqual([undefined, 1]);
  await kept.stop();
});

test('what is stopped stays stopped', async () => {
  const { made, events, start } = things();
  const kept = await keepRunning(start, quick);
  await kept.stop();
  await expect(kept.done).resolves.toBeUndefined();
  expect(events).toEqual(['stop 1']);
  await sleep(10);
  expect(made).toHaveLength(1);
});

test('a first start that fails is not retried', async () => {
  const start = jest.fn().mockRejectedValue(new Error('no'));
  await expect(keepRunning(start, quick)).rejects.toThrow('no');
  expect(start).toHaveBeenCalledTimes(1);
});

test('a later start that fails is retried', async () => {
  const { made, start } = things();
  let failing = 3;
  const kept = await keepRunning(
    () => (made.length === 1 && failing-- > 0 ? Promise.reject(new Error('port busy')) : start()),
    quick,
  );
  made[0]?.end();
  await until(() => made.length === 2);
  expect(failing).toBe(-1);
  expect(kept.current.life).toBe(2);
  await kept.stop();
});

test('delays grow up to fifty times the first', async () => {
  const { made, start } = things();
  const at: number[] = [];
  const kept = await keepRunning(
    () => {
      at.push(Date.now());
      return made.length === 0 ? start() : Promise.reject(new Error('no'));
    },
    { name: 'thing', backoffMs: 4, giveUpMs: 400 },
  );
  made[0]?.end();
  await expect(kept.done).rejects.toThrow('no');
  const gaps = at.slice(2).map((time, index) => time - (at[index + 1] ?? 0));
  expect(gaps[0]).toBeLessThan(60);
  expect(gaps.at(-1)).toBeGreaterThan(100);
});

test('what keeps ending is given up with its last reason, or a plain one', async () => {
  const crash = (reason?: Error) => async () => {
    const done = reason ? Promise.reject(reason) : Promise.resolve();
    done.catch(() => undefined);
    return { done, stop: async () => undefined };
  };
  const impatient = { ...quick, giveUpMs: 20 };
  const failing = await keepRunning(crash(new Error('bad flag')), impatient);
  await expect(failing.done).rejects.toThrow('bad flag');
  const ending = await keepRunning(crash(), impatient);
  await expect(ending.done).rejects.toThrow('thing keeps ending');
  await expect(ending.stop()).resolves.toBeUndefined();
});

test('a long good run forgives what was before', async () => {
  const { made, start } = things();
  const kept = await keepRunning(start, { ...quick, stableMs: 5, giveUpMs: 30 });
  for (let life = 0; life < 5; life += 1) {
    await sleep(15);
    made[life]?.end();
    await until(() => made.length === life + 2);
  }
  expect(kept.current.life).toBe(6);
  await kept.stop();
});

test('a stop during the pause before a restart starts nothing', async () => {
  const { made, start } = things();
  const kept = await keepRunning(start, { ...quick, backoffMs: 60_000 });
  made[0]?.end();
  await sleep(5);
  await kept.stop();
  expect(made).toHaveLength(1);
});

test('a stop during a restart stops what that brings', async () => {
  const { made, events, start } = things();
  let letStart: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    letStart = resolve;
  });
  let calls = 0;
  const kept = await keepRunning(async () => {
    calls += 1;
    if (calls === 2) await gate;
    return start();
  }, quick);
  made[0]?.end();
  await until(() => calls === 2);
  const stopped = kept.stop();
  letStart();
  await stopped;
  expect(events).toEqual(['stop 1', 'stop 2']);
});

test('what does not stop cleanly is reported, not thrown', async () => {
  const log: string[] = [];
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  const stop = async () => {
    end();
    throw 'stuck';
  };
  const kept = await keepRunning(async () => ({ done, stop }), { ...quick, log: (line) => log.push(line) });
  await kept.stop();
  expect(log).toEqual(['thing did not stop cleanly (stuck)']);
});
