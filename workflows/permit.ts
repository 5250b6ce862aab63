import type { ResolvedAgent } from '../protocol/agent';
import type { ApprovalOutcome, ApprovalRequest } from '../protocol/approval';
import { whoDecides } from '../protocol/approval-terms';
import { contentDigest } from '../protocol/content-digest';
import type { Failure } from '../protocol/failures';
import type { ToolCallPart, ToolMessage } from '../protocol/messages';
import { outsideSource } from '../protocol/permissions/outside';
import type { Ruling } from '../protocol/permissions/verdict';
import type { WaitsFor } from '../protocol/permissions/view';
import type { SessionInput } from '../protocol/session';
import type { ToolSpec } from '../protocol/tool';
import { argumentsText } from './arguments-text';
import type { Authority } from './authority';
import { answered } from './run-calls';
import type { Session } from './session';

/** What permitting needs of Temporal. */
export interface PermitDeps {
  now(): number;
  /** What went wrong, classified; undefined for a bug or a cancellation. */
  failureOf(error: unknown): Failure | undefined;
  /** Asks people, and waits for as long as they take. */
  askApproval(id: string, request: Omit<ApprovalRequest, 'run'>): Promise<ApprovalOutcome>;
  /** The workflow id of the session's n-th approval. */
  approvalId(number: number): string;
}

/** A call that may run: as the model made it, or as an approver changed it. */
export interface Permitted {
  call: ToolCallPart;
  /** What the model should know about that, before the result. */
  note?: string;
}

/** Whose call it is: a session's, or that of what undoes its effects. */
export interface Caller {
  readonly agent: Pick<ResolvedAgent, 'name' | 'revision'>;
  readonly given: Pick<SessionInput, 'requester' | 'tenant'>;
  readonly authority: Authority;
  /** @param answered by whom the call was approved already. */
  ruleOn(spec: ToolSpec, call: ToolCallPart, answered?: ReadonlySet<string>): Ruling;
  wait(waits: WaitsFor): void;
  waited(waits: WaitsFor): void;
}

/** A call that may not run. */
export interface Refused {
  /** In a few words. */
  because: string;
  /** What the model reads. */
  told: string;
}

/** Arguments an approver is shown in full; larger ones stay in the artifact store, and their digest stands for them. */
const MAX_SHOWN = 32_000;

/** Lets a call run, asks for an approval first, or refuses it with a result the model reads. */
export async function permit(
  session: Session,
  spec: ToolSpec,
  call: ToolCallPart,
  deps: PermitDeps,
): Promise<Permitted | ToolMessage> {
  const decided = await decide(session, spec, call, deps);
  return 'told' in decided ? answered(call, 'denied', decided.told) : decided;
}

/**
 * Whether a call may run, and why not; asks people where a rule says so. Where layers ask different people, each of them; and
 * arguments that somebody changed are looked at again: a person may answer what they are asked, and no more than that.
 */
export async function decide(
  session: Caller,
  spec: ToolSpec,
  asked: ToolCallPart,
  deps: PermitDeps,
): Promise<Permitted | Refused> {
  let permitted: Permitted = { call: asked };
  let answered: ReadonlySet<string> = new Set();
  for (;;) {
    const { call } = permitted;
    const ruling = session.ruleOn(spec, call, answered);
    if (ruling.verdict === 'allow') return permitted;
    if (ruling.verdict === 'deny') return denied(ruling.because);
    const outcome = await askPeople(session, spec.name, requestOf(session, spec, call, ruling), deps);
    if ('problem' in outcome) {
      const because = `An approval is needed and cannot be asked for: ${outcome.problem}`;
      return { because, told: `${because}. Nothing was run.` };
    }
    if (outcome.verdict !== 'approved') return notApproved(outcome);
    remember(session, outcome, ruling, deps.now());
    const who = whoDecides(ruling.approval ?? {});
    // What others said was about other arguments.
    answered = outcome.edit ? new Set([who]) : new Set([...answered, who]);
    if (outcome.edit) permitted = edited(call, outcome.edit);
  }
}

function edited({ artifact: _artifact, ...call }: ToolCallPart, args: Record<string, unknown>): Permitted {
  return { call: { ...call, arguments: args }, note: `Approved with changed arguments: ${JSON.stringify(args)}` };
}

/** Whether a call needs nobody's word. */
export function isFree(session: Session, spec: ToolSpec, call: ToolCallPart): boolean {
  return session.ruleOn(spec, call).verdict === 'allow';
}

/** What comes back from a call may have been written by anybody: remembered from the moment it is in the conversation. */
export function noteOutside({ authority, given }: Session, spec: ToolSpec | undefined, call: ToolCallPart): void {
  const mounts = (given.mounts ?? []).map(({ name }) => name);
  const source = spec && outsideSource(spec, call.arguments, mounts);
  if (source !== undefined) authority.taint(source);
}

/** What people said, and in which approval. */
export interface Said extends ApprovalOutcome {
  id: string;
}

/** Asks, and says so of the run for as long as it waits. A request nobody could decide is told, not thrown. */
export async function askPeople(
  session: Caller,
  tool: string,
  request: Omit<ApprovalRequest, 'run'>,
  deps: PermitDeps,
): Promise<Said | { problem: string }> {
  const number = ++session.authority.state.asked;
  const waits = { id: deps.approvalId(number), title: request.title, tool };
  session.wait(waits);
  try {
    return { ...(await deps.askApproval(waits.id, request)), id: waits.id };
  } catch (error) {
    const failure = deps.failureOf(error);
    if (failure?.code !== 'Input.Invalid') throw error;
    return { problem: failure.message };
  } finally {
    session.waited(waits);
  }
}

function requestOf(
  { agent, given, authority }: Caller,
  { name, description }: ToolSpec,
  call: ToolCallPart,
  { because, approval }: Ruling,
): Omit<ApprovalRequest, 'run'> {
  const { id: callId, arguments: args, artifact } = call;
  const { tainted } = authority.state;
  const small = JSON.stringify(args ?? null).length <= MAX_SHOWN;
  return {
    ...approval,
    kind: 'tool-call',
    title: `${agent.name}: ${name} ${argumentsText(call)}`,
    body: description,
    agent: agent.name,
    callId,
    tool: name,
    because,
    policyVersion: agent.revision,
    digest: contentDigest({ callId, tool: name, arguments: args, artifact, policyVersion: agent.revision }),
    ...(args !== undefined && small && { arguments: args }),
    ...(tainted.length > 0 && { tainted }),
    ...(given.requester !== undefined && { requester: given.requester }),
    ...(given.tenant !== undefined && { tenant: given.tenant }),
  };
}

function remember({ authority }: Caller, { grant, votes, id }: Said, { approval = {} }: Ruling, at: number): void {
  const last = votes.at(-1);
  if (grant === undefined || !last) return;
  const { approvers, quorum, excludeRequester, escalate } = approval;
  const terms = {
    ...(approvers && { approvers }),
    ...(quorum !== undefined && { quorum }),
    ...(excludeRequester !== undefined && { excludeRequester }),
    ...(escalate && { escalate }),
  };
  authority.grant({ rule: grant, by: last.by, at, from: id, ...(whoDecides(terms) !== '' && { terms }) });
}

function denied(because: string): Refused {
  const told = `Not permitted: ${because}. Nothing was run. Go on without it, or say what you need it for.`;
  return { because: `not permitted: ${because}`, told };
}

function notApproved({ verdict, reason, votes }: ApprovalOutcome): Refused {
  const by = votes.findLast((vote) => vote.verdict === 'deny')?.by;
  const who = verdict === 'denied' && by !== undefined ? ` by ${by}` : '';
  const because = `The approval was ${verdict}${who}${reason === undefined ? '' : `: ${reason}`}`;
  return { because, told: `${because}. Nothing was run.` };
}
