import { check, type Evidence, type Finding } from './support/checker';
import { Cluster } from './support/cluster';
import { type Undisturbed, undisturbed } from './support/evidence';
import type { LedgerEntry } from './support/ledger';
import { survivors } from './support/processes';

/** The checker is only worth what it finds: into the evidence of a real, undisturbed run, one lie at a time is planted. */

let cluster: Cluster;
let calm: Undisturbed;

beforeAll(async () => {
  cluster = await Cluster.start();
  calm = await undisturbed(cluster);
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

/** A copy to lie in. */
function copy(): Evidence {
  return structuredClone(calm.evidence);
}

function findings(evidence: Evidence): Finding['what'][] {
  return [...new Set(check(evidence, calm.expected).findings.map(({ what }) => what))];
}

function entry(evidence: Evidence, phase: LedgerEntry['phase'], name: string): LedgerEntry {
  const found = evidence.ledger.find((one) => one.phase === phase && one.name === name);
  if (!found) throw new Error(`the run has no ${phase} of ${name}`);
  return found;
}

test('nothing is found in an undisturbed run', () => {
  expect(check(calm.evidence, calm.expected)).toEqual({ findings: [], repeated: { model: 0, tool: 0 }, unknown: 0 });
  expect(calm.evidence.ledger.filter(({ phase }) => phase === 'begun')).toHaveLength(17);
  expect(calm.evidence.history.recorded).toHaveLength(17);
});

test('a lost run is found', () => {
  const evidence = copy();
  evidence.result = undefined;
  expect(findings(evidence)).toContain('lost');
});

test.each(['wide', 'look', 'peek', 'store', 'publish'])(
  'a call of "%s" after its result was recorded is found',
  (name) => {
    const evidence = copy();
    const again = entry(evidence, 'begun', name);
    evidence.ledger.push({ ...again, attempt: 2, at: Date.now() });
    expect(findings(evidence)).toContain('repeated after it was recorded');
  },
);

test('a second attempt before the first was recorded is counted, and no finding', () => {
  const evidence = copy();
  const first = entry(evidence, 'begun', 'look');
  evidence.ledger.unshift({ ...first, at: first.at - 1_000 });
  const { findings: found, repeated } = check(evidence, calm.expected);
  expect(found).toEqual([]);
  expect(repeated).toEqual({ model: 0, tool: 1 });
});

test('a result recorded twice is found', () => {
  const evidence = copy();
  evidence.history.recorded.push(...evidence.history.recorded.slice(0, 1));
  expect(findings(evidence)).toContain('recorded twice');
});

test('a call that no history scheduled is found', () => {
  const evidence = copy();
  evidence.history.scheduled.delete('2:c2-1');
  expect(findings(evidence)).toEqual(['never scheduled']);
});

test.each(['store', 'publish'])('a second effect of "%s" is found', (name) => {
  const evidence = copy();
  evidence.ledger.push(entry(evidence, 'effect', name));
  expect(findings(evidence)).toContain('effects');
});

test.each(['store', 'publish'])('a missing effect of "%s" is found', (name) => {
  const evidence = copy();
  const lost = entry(evidence, 'effect', name);
  evidence.ledger = evidence.ledger.filter((one) => one !== lost);
  expect(findings(evidence)).toContain('effects');
});

test('a "once" call that was lost and told as done is found', () => {
  const evidence = copy();
  evidence.history.recorded = evidence.history.recorded.filter(({ key }) => key !== '4:c4-1');
  expect(findings(evidence)).toContain('outcome');
});

test('a "once" call that was recorded and told as unknown is found', () => {
  const evidence = copy();
  for (const message of evidence.transcript) {
    if (message.role === 'tool' && message.name === 'publish') message.outcome = 'outcome-unknown';
  }
  expect(findings(evidence)).toContain('outcome');
});

test('another answer is found', () => {
  const evidence = copy();
  if (evidence.result) evidence.result.output = String(evidence.result.output).replace('c1-1', 'c1-0');
  expect(findings(evidence)).toContain('answer');
});

test.each([0, 7, 18])('a message that is missing at %i is found', (at) => {
  const evidence = copy();
  evidence.transcript.splice(at, 1);
  expect(findings(evidence)).toContain('answer');
});

test('a message that the model saw differently the second time is found', () => {
  const evidence = copy();
  const last = evidence.ledger.findLast(({ phase, kind }) => phase === 'begun' && kind === 'model');
  last?.hashes?.splice(2, 1, 'another message');
  expect(findings(evidence)).toEqual(['prefix']);
});

test('instructions that changed on the way are found', () => {
  const evidence = copy();
  const last = evidence.ledger.findLast(({ phase, kind }) => phase === 'begun' && kind === 'model');
  if (last) last.preamble = 'other instructions';
  expect(findings(evidence)).toEqual(['prefix']);
});
