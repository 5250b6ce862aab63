import { ActivityFailure, isCancellation, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { HoldfastActivities } from '../../protocol/activities';
import { contentDigest } from '../../protocol/content-digest';
import type { Ending, PlanInput } from '../../protocol/plan/state';
import { REMEMBER } from '../activity-options';
import type { Begin } from './plan-desk';
import { toldOf } from './shared';

const { recallResult, keepResult } = proxyLocalActivities<HoldfastActivities>(REMEMBER);

/** A marker in the history holds what is recalled. */
const MAX_CHARS = 100_000;

/** What the same task gave before, where the node may be given that; else what it gives now, which is kept. */
export async function withMemory(begin: Begin, plan: PlanInput, attempt: () => Promise<Ending>): Promise<Ending> {
  const { memory } = begin.node;
  if (!memory || plan.dryRun) return attempt();
  const key = keyOf(begin, plan, memory);
  const kept = plan.fresh || begin.resumed ? null : await orNothing(() => recallResult(key));
  if (kept) {
    const { output, tainted, at, from } = kept;
    return { status: 'done', output, costUsd: 0, tokens: 0, recalled: { at, from }, ...(tainted && { tainted }) };
  }
  const ending = await attempt();
  const { status, output = null, artifact, tainted } = ending;
  // What is large can be read within this plan only.
  if (status === 'done' && !artifact && JSON.stringify(output).length <= MAX_CHARS) {
    const at = Date.now();
    const made = { output, at, until: at + memory.ttl, from: workflowInfo().workflowId, ...(tainted && { tainted }) };
    await orNothing(() => keepResult(key, made));
  }
  return ending;
}

/** Equal for what is the same task: sort and version, who does it and how it is defined, what it is given, for whom. */
function keyOf(begin: Begin, { tenant }: PlanInput, memory: NonNullable<Begin['node']['memory']>): string {
  const { node, agent, facts, inputs, large } = begin;
  const { kind = node.goal, version } = memory;
  const { output = null } = node;
  // By content: which run has made it is of no matter.
  const named = Object.entries(large).map(([name, { id, part }]) => [name, id, part ?? null]);
  const told = toldOf(node.goal, { inputs, large: {} });
  const given = named.length > 0 ? [normal(told), named] : normal(told);
  return contentDigest([kind, version, agent, facts?.revision ?? '', given, output, tenant ?? '']);
}

/** Texts that only differ in how their characters are composed, in line ends or in blanks around them are the same. */
function normal(value: unknown): unknown {
  if (typeof value === 'string') return value.normalize('NFC').replace(/\r\n?/g, '\n').trim();
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, normal(part)]));
}

/** A memory that does not work costs a call, and no more. */
async function orNothing<Value>(use: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return undefined;
  }
}
