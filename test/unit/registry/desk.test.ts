import { LOAD_KNOWN_MS, type RegistryState } from '../../../protocol/registry/registry';
import { routed } from '../../../protocol/registry/route';
import { byShard, SHARDS, shardOf } from '../../../protocol/registry/shards';
import { checkRegister } from '../../../workflows/registry/check-registry';
import { RegistryDesk } from '../../../workflows/registry/desk';
import { agentView, candidates, findAgents, queueView, standings } from '../../../workflows/registry/look-up';
import { bytesOf, slimmed } from '../../../workflows/registry/slimmed';

const HOUR = 3_600_000;
const by = 'test';

function deskOf(count: number, more: object = {}): RegistryDesk {
  const desk = new RegistryDesk({ agents: {} });
  const entries = Array.from({ length: count }, (_, at) => ({ name: `agent-${at}`, capabilities: ['code'], ...more }));
  desk.register({ by, entries, queue: 'q' }, 0);
  return desk;
}

const report = (desk: RegistryDesk, agent: string, success: boolean, times: number, kind = 'code') => {
  for (let at = 0; at < times; at++) desk.report({ outcomes: [{ agent, kind, success, ms: 1_000, usd: 0.01 }] }, HOUR);
};

test('ten thousand agents are spread over the parts evenly, and always the same', () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `agent-${at}`);
  const parts = byShard(names, (name) => name);
  expect(parts.size).toBe(SHARDS);
  for (const [shard, all] of parts) {
    expect(all.length).toBeLessThan((10_000 / SHARDS) * 1.1);
    expect(all.every((name) => shardOf(name) === shard)).toBe(true);
  }
  // Fixed for ever: FNV-1a, as docs/wire.md says.
  expect([0xe40c292c % 8, 0xbf9cf968 % 8]).toEqual([shardOf('a'), shardOf('foobar')]);
});

test('what runs is what was reported to begin and not to end; never less than nothing, and forgotten in time', () => {
  const desk = deskOf(1);
  desk.report({ began: { 'agent-0': 3 } }, HOUR);
  desk.report({ ended: { 'agent-0': 1 } }, HOUR);
  const running = (now: number) => agentView(desk.state, 'agent-0', now)?.running;
  expect(running(HOUR)).toBe(2);
  desk.report({ ended: { 'agent-0': 9 } }, HOUR);
  expect(running(HOUR)).toBe(0);
  desk.report({ began: { 'agent-0': 1 } }, HOUR);
  expect(running(HOUR + LOAD_KNOWN_MS)).toBe(1);
  expect(running(HOUR + LOAD_KNOWN_MS + 1)).toBe(0);
});

test('outcomes of agents nobody has registered are kept, for a while and not without end; they are not chosen', () => {
  const desk = deskOf(1);
  for (let at = 0; at < 300; at++) report(desk, `stranger-${at}`, true, 1);
  expect(Object.keys(desk.state.agents)).toHaveLength(201);
  expect(findAgents(desk.state, { now: HOUR, limit: 10 }).total).toBe(1);
  expect(findAgents(desk.state, { now: HOUR, limit: 10, status: 'unregistered' }).total).toBe(200);
  expect(candidates(desk.state, { needs: ['code'], now: HOUR, limit: 10 }).total).toBe(1);
  desk.register({ by, entries: [{ name: 'stranger-0', capabilities: ['code'] }], queue: 'q' }, HOUR);
  expect(agentView(desk.state, 'stranger-0', HOUR)).toMatchObject({ outcomes: 1, version: 1, status: 'active' });
});

test('names that objects have by themselves are names like others', () => {
  const desk = deskOf(0);
  for (const name of ['constructor', 'valueof', 'prototype']) {
    expect(agentView(desk.state, name, 0)).toBeNull();
    report(desk, name, true, 1, name);
    expect(agentView(desk.state, name, HOUR)).toMatchObject({ outcomes: 1, kinds: { [name]: { success: 1 } } });
  }
  desk.report({ began: JSON.parse('{"__proto__": 1}') }, HOUR);
  report(desk, 'valueof', true, 1, '__proto__');
  expect(Object.keys(desk.state.agents)).toHaveLength(3);
});

test('candidates are those who fit best, and of them those of whom most can be hoped; a task queue narrows them', () => {
  const desk = deskOf(30);
  report(desk, 'agent-7', true, 20);
  report(desk, 'agent-8', false, 20);
  desk.register({ by, entries: [{ name: 'far', capabilities: ['script'] }], queue: 'far' }, 0);
  const ask = { needs: ['code'], related: { code: { script: 0.9 } }, now: HOUR, limit: 3 };
  const page = candidates(desk.state, ask);
  expect(page.total).toBe(31);
  expect(page.candidates[0]).toMatchObject({ agent: 'agent-0', n: 0 });
  const all = candidates(desk.state, { ...ask, limit: 31 }).candidates.map(({ agent }) => agent);
  expect(all.at(-1)).toBe('agent-8');
  expect(candidates(desk.state, { ...ask, queue: 'far' }).candidates).toMatchObject([{ agent: 'far', skill: 0.9 }]);
  desk.appoint({ by, agent: 'far', state: 'paused' });
  expect(candidates(desk.state, { ...ask, queue: 'far' })).toEqual({ candidates: [], total: 0 });
  expect(standings(desk.state, ['code'], HOUR).agents.far).toMatchObject({ paused: true, kinds: {} });
  // Known work beats hope when it is to be chosen.
  const found = candidates(desk.state, { ...ask, limit: 31 }).candidates;
  expect(routed(found, { needs: ['code'], assign: 'learned', exploration: 0, seed: 's' })?.agent).toBe('agent-7');
});

test('a digest of what a task queue serves says whether there is anything to tell', () => {
  const desk = deskOf(5);
  const before = queueView(desk.state, 'q');
  expect(before.agents).toBe(5);
  report(desk, 'agent-0', true, 1);
  desk.register({ by, entries: [{ name: 'agent-0', capabilities: ['code'] }], queue: 'q' }, HOUR);
  expect(queueView(desk.state, 'q')).toEqual(before);
  desk.register({ by, entries: [{ name: 'agent-0', capabilities: ['prose'] }], queue: 'q' }, HOUR);
  expect(queueView(desk.state, 'q').digest).not.toBe(before.digest);
});

test('a full part is refused; what is learned beside it never keeps it from being carried', () => {
  const desk = deskOf(1_250, { description: 'd'.repeat(250), tags: ['one', 'two'] });
  const state: RegistryState = desk.state;
  const entries = Array.from({ length: 800 }, (_, at) => ({ name: `more-${at}` }));
  expect(() => checkRegister(state, { by, entries })).toThrow(/2050 agents/);
  const large = Array.from({ length: 300 }, (_, at) => ({ name: `more-${at}`, description: 'ü'.repeat(1_500) }));
  expect(() => checkRegister(state, { by, entries: large })).toThrow(/bytes; 2000 and 1200000/);
  expect(() => checkRegister(state, { by, entries: [{ name: 'one-more' }] })).not.toThrow();
  for (const agent of Object.keys(state.agents))
    for (let kind = 0; kind < 8; kind++) report(desk, agent, true, kind + 1, `a-kind-of-work-with-a-name+${kind}`);
  expect(bytesOf(state)).toBeGreaterThan(1_000_000);
  const carried = slimmed(structuredClone(state), 900_000);
  expect(bytesOf(carried)).toBeLessThan(900_000);
  // What they do most is what is kept.
  const kinds = Object.keys(carried.agents['agent-0']?.standing?.kinds ?? {});
  expect(kinds.length).toBeLessThan(8);
  if (kinds.length > 0) expect(kinds).toContain('a-kind-of-work-with-a-name+7');
  expect(carried.agents['agent-0']?.standing?.counts.outcomes).toBe(36);
});
