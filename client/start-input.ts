import { createHash } from 'node:crypto';
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { AGENT_NAME } from '../protocol/agent';
import { HoldfastError } from '../protocol/failures';
import { canonicalJson } from '../protocol/json';
import { SEARCH_ATTRIBUTE } from '../protocol/names';
import type { PlanInput } from '../protocol/plan/state';
import { quoted } from '../protocol/quoted';
import { type SessionInput, type SessionOptions, sessionOptionsSchema } from '../protocol/session';
import { checkSize, jsonOf } from './checks';

/** Safe in URLs, files, shells and visibility queries; `/` is kept for the ids of child runs. */
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._:@+=~-]{0,199}$/;

/**
 * The workflow input of a run, checked before anything is started.
 * @throws HoldfastError `Input.Invalid`, `Input.TooLarge`.
 */
export function startInput(agent: string, options: SessionOptions): SessionInput {
  if (!AGENT_NAME.test(agent)) {
    throw new HoldfastError('Input.Invalid', `not an agent's name: ${quoted(String(agent))}`, {
      hint: 'Names are lower-case letters, digits and dashes, at most 63, starting with a letter.',
    });
  }
  const parsed = sessionOptionsSchema.safeParse(options);
  if (!parsed.success) {
    const where = parsed.error.issues
      .map((issue) => `${issue.path.join('.') || '(options)'}: ${issue.message}`)
      .join('; ');
    throw new HoldfastError('Input.Invalid', where, { hint: 'See SessionOptions for what a run may be given.' });
  }
  const { input = null, chat, fork } = parsed.data;
  if (!chat && !fork && (input === null || (typeof input === 'string' && input.trim() === ''))) {
    throw new HoldfastError('Input.Invalid', 'the input is empty', { hint: 'Say what the agent should do.' });
  }
  const bytes = Buffer.byteLength(jsonOf(input)) + Buffer.byteLength(JSON.stringify({ ...parsed.data, input: null }));
  checkSize(bytes);
  return { ...parsed.data, agent };
}

const agentKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.agent.name, SEARCH_ATTRIBUTE.agent.type);
const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.status.name, SEARCH_ATTRIBUTE.status.type);
const tenantKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.tenant.name, SEARCH_ATTRIBUTE.tenant.type);
/** In the memo: what was asked for when the run was started. */
export const REQUEST_MEMO = 'holdfastRequest';
/** The server takes 400 bytes, and refuses the start above. */
const SUMMARY_BYTES = 300;

/** How a run is started: the same for a first message, a schedule and a plain start. */
export interface WorkflowStart {
  workflowId: string;
  taskQueue: string;
  args: [SessionInput];
  workflowIdReusePolicy: 'REJECT_DUPLICATE';
  staticSummary: string;
  memo: Record<string, unknown>;
  typedSearchAttributes: SearchAttributePair[];
}

export function workflowStart(workflowId: string, taskQueue: string, input: SessionInput): WorkflowStart {
  return {
    workflowId,
    taskQueue,
    args: [input],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    staticSummary: summaryLine(input),
    memo: { [REQUEST_MEMO]: requestDigest(input) },
    typedSearchAttributes: [
      { key: agentKey, value: input.agent },
      { key: statusKey, value: 'running' },
      ...(input.tenant ? [{ key: tenantKey, value: input.tenant }] : []),
    ],
  };
}

/** How a plan is started; its title is what lists show. */
export function planStart(workflowId: string, taskQueue: string, input: PlanInput) {
  const { goal, plan, tenant } = input;
  const { name, goal: wanted } = (plan ?? {}) as { name?: string; goal?: string };
  const agent = soleAgent(plan);
  const title = cutLine([name && `plan ${name}`, goal ?? wanted].filter(Boolean).join(': '));
  return {
    workflowId,
    taskQueue,
    args: [input] as [PlanInput],
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    staticSummary: title,
    memo: { [REQUEST_MEMO]: requestDigest(input), title },
    typedSearchAttributes: [
      { key: statusKey, value: 'running' },
      ...(agent === undefined ? [] : [{ key: agentKey, value: agent }]),
      ...(tenant ? [{ key: tenantKey, value: tenant }] : []),
    ],
  };
}

/** Of a plan all of whose nodes name one agent: their plain calls are found by no run. */
function soleAgent(plan: unknown): string | undefined {
  const { agent: usual, nodes = [] } = (plan ?? {}) as {
    agent?: string;
    nodes?: { agent?: string; needs?: unknown }[];
  };
  const [name, ...others] = new Set(nodes.map(({ agent, needs }) => agent ?? (needs ? undefined : usual)));
  return others.length === 0 ? name : undefined;
}

/** One line for the Web UI's list: who, and what was asked. */
function summaryLine({ agent, input, chat, fork }: SessionInput): string {
  const text = input == null ? '' : typeof input === 'string' ? input : JSON.stringify(input);
  const about = [chat && `chat ${chat.title ?? ''}`.trim(), fork && `fork of ${fork.id} at ${fork.at}`, text];
  const told = about.filter((part) => part).join(' · ');
  return cutLine(`${agent}: ${told}`);
}

function cutLine(text: string): string {
  const line = Buffer.from(text.slice(0, SUMMARY_BYTES).replace(/\s+/g, ' '));
  // A character cut in half reads as U+FFFD.
  return line
    .subarray(0, SUMMARY_BYTES)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}

/** @throws HoldfastError `Input.Invalid`. */
export function checkRunId(id: string): string {
  if (RUN_ID.test(id)) return id;
  throw new HoldfastError('Input.Invalid', `not a run id: ${quoted(String(id))}`, {
    hint: 'Letters, digits and . _ : @ + = ~ - only, at most 200, starting with a letter or digit.',
  });
}

/** Tells two starts with one id apart: the same request again, whoever makes it, or a mistake. */
export function requestDigest(input: SessionInput | PlanInput): string {
  return createHash('sha256')
    .update(canonicalJson({ ...input, requester: undefined }))
    .digest('hex')
    .slice(0, 32);
}
