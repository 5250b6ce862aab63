import type { Appoint, Rate, Register, Unregister } from '../../protocol/registry/entry';
import type { RegistryState } from '../../protocol/registry/registry';
import type { Outcome } from '../../protocol/registry/standing';
import { checkActor, invalid, refuse } from '../check-update';
import { bytesOf } from './slimmed';

/*
 * What a registry is asked, in plain code: it may come from any Temporal client. Limits keep the state of one part below what the
 * server carries when a workflow continues as new (2 MB).
 */

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const MOST_ENTRY_CHARS = 4_000;
/** Bytes of JSON of one part's state; what its agents do adds to it, see `slimmed`. */
const MOST_BYTES = 1_200_000;
const MOST_AGENTS = 2_000;
const KEYS = ['name', 'description', 'role', 'capabilities', 'tags', 'model', 'costUsd', 'priority', 'revision'];

export function checkRegister(state: RegistryState, given: Register): void {
  checkActor(given);
  const { entries, queue, serves, ifVersion } = given;
  if (!Array.isArray(entries)) invalid('entries: a list of agents');
  if (queue !== undefined && (typeof queue !== 'string' || queue === '' || queue.length > 200))
    invalid('queue: the name of a task queue');
  if (serves !== undefined && (!Array.isArray(serves) || serves.length > MOST_AGENTS))
    invalid(`serves: a list of at most ${MOST_AGENTS} names`);
  for (const entry of entries) checkEntry(entry);
  const fresh = entries.filter(({ name }) => !Object.hasOwn(state.agents, name)).length;
  const agents = Object.keys(state.agents).length + fresh;
  const bytes = bytesOf(state) + bytesOf(entries);
  if (agents > MOST_AGENTS || bytes > MOST_BYTES)
    refuse(
      'Registry.Full',
      `this part of the registry would hold ${agents} agents in ${bytes} bytes; ${MOST_AGENTS} and ${MOST_BYTES} are the most`,
      'Remove agents that are not used any more (holdfast agent remove), or keep others in a registry of their own.',
    );
  if (ifVersion === undefined) return;
  for (const { name } of entries) {
    const version = Object.hasOwn(state.agents, name) ? (state.agents[name]?.version ?? 0) : 0;
    if (version !== ifVersion)
      refuse(
        'Registry.Conflict',
        `"${name}" has version ${version}, not ${ifVersion}: somebody else has changed it`,
        `Look at it, and change what is there now: holdfast agent show ${name} --registered`,
      );
  }
}

function checkEntry(entry: Register['entries'][number]): void {
  if (typeof entry !== 'object' || entry === null) invalid('entries: each is an object');
  const { name, capabilities = [], tags = [], priority, costUsd } = entry;
  checkName(name);
  const unknown = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) invalid(`${name}.${unknown}: there is no such thing to register`);
  for (const [key, list] of Object.entries({ capabilities, tags }))
    if (!Array.isArray(list) || list.length > 32 || list.some((one) => typeof one !== 'string' || one === ''))
      invalid(`${name}.${key}: a list of at most 32 texts`);
  for (const key of ['description', 'role', 'model', 'revision'] as const)
    if (entry[key] !== undefined && typeof entry[key] !== 'string') invalid(`${name}.${key}: not a text`);
  if (priority !== undefined && ![1, 2, 3, 4, 5].includes(priority)) invalid(`${name}.priority: 1 to 5`);
  if (costUsd !== undefined && !(typeof costUsd === 'number' && costUsd > 0))
    invalid(`${name}.costUsd: not a positive number`);
  if (JSON.stringify(entry).length > MOST_ENTRY_CHARS) invalid(`${name}: at most ${MOST_ENTRY_CHARS} characters`);
}

export function checkUnregister(state: RegistryState, given: Unregister): void {
  checkActor(given);
  checkKnown(state, given.agent);
}

export function checkAppoint(state: RegistryState, given: Appoint): void {
  checkActor(given);
  checkKnown(state, given.agent);
  if (given.state !== 'active' && given.state !== 'paused') invalid('state: active or paused');
}

export function checkRate(state: RegistryState, given: Rate): void {
  checkActor(given);
  checkKnown(state, given.agent);
  const { stars, violation, run } = given;
  if (stars === undefined && violation === undefined) invalid('give stars, a violation, or both');
  if (stars !== undefined && ![1, 2, 3, 4, 5].includes(stars)) invalid('stars: 1 to 5');
  if (violation !== undefined && violation !== true) invalid('violation: true, or nothing');
  if (run !== undefined && (typeof run !== 'string' || run.length > 1_000)) invalid('run: the id of a run');
}

export function isOutcome(given: Outcome): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { agent, kind, success, ms, usd, expectedMs = 1 } = given;
  const sound = [ms, usd, expectedMs].every((figure) => Number.isFinite(figure) && figure >= 0);
  return isName(agent) && isKind(kind) && typeof success === 'boolean' && sound;
}

function isKind(kind: unknown): boolean {
  return typeof kind === 'string' && kind.length <= 200;
}

function checkKnown(state: RegistryState, agent: string): void {
  checkName(agent);
  if (Object.hasOwn(state.agents, agent)) return;
  refuse('Registry.Unknown', `no agent "${agent}" is registered`, 'holdfast agent find shows those there are.');
}

export function isName(name: unknown): boolean {
  return typeof name === 'string' && NAME.test(name);
}

function checkName(name: unknown): void {
  if (!isName(name)) invalid('not a name of an agent: lower-case letters, digits, dashes');
}
