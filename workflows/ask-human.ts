import { type Question, readQuestion } from '../protocol/ask-human';
import { contentDigest } from '../protocol/content-digest';
import type { ToolCallPart, ToolMessage } from '../protocol/messages';
import { termsOf } from './authority';
import { askPeople, type PermitDeps } from './permit';
import { answered } from './run-calls';
import type { Session } from './session';

const MAX_TITLE = 120;

/** Waits for a person's answer, which is the call's result; that nobody gave one is a result too. */
export async function askHuman(session: Session, call: ToolCallPart, deps: PermitDeps): Promise<ToolMessage> {
  const asked = readQuestion(call.arguments);
  if ('error' in asked) return answered(call, 'invalid-arguments', asked.error);
  const outcome = await askPeople(session, call.name, requestOf(session, call, asked), deps);
  if ('problem' in outcome) return answered(call, 'failed', `The question could not be asked: ${outcome.problem}`);
  const { verdict, answer, reason, votes } = outcome;
  const by = votes.at(-1)?.by;
  if (verdict === 'approved') {
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
    return answered(call, 'ok', `${by} answered: ${text}${reason === undefined ? '' : `\n(${reason})`}`);
  }
  const why = reason === undefined ? '' : `: ${reason}`;
  const told = verdict === 'denied' ? `${by} will not answer` : `There is no answer, the question is ${verdict}`;
  return answered(call, 'denied', `${told}${why}. Go on without it, or say what cannot be done without it.`);
}

function requestOf({ agent, given, authority, layers }: Session, { id: callId, name }: ToolCallPart, asked: Question) {
  const { question, options, to } = asked;
  const { approvers, expiresAfter, remindEvery, workingHours, escalate } = termsOf(layers);
  const { tainted } = authority.state;
  const line = question.replace(/\s+/g, ' ').trim();
  const title = `${agent.name} asks: ${line}`;
  return {
    kind: 'question' as const,
    title: title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title,
    body: question,
    agent: agent.name,
    callId,
    tool: name,
    policyVersion: agent.revision,
    digest: contentDigest({ callId, question, options, policyVersion: agent.revision }),
    ...(options && { options }),
    ...(to ? { approvers: to } : { ...(approvers && { approvers }), ...(escalate && { escalate }) }),
    ...(expiresAfter !== undefined && { expiresAfter }),
    ...(remindEvery !== undefined && { remindEvery }),
    ...(workingHours && { workingHours }),
    ...(tainted.length > 0 && { tainted }),
    ...(given.requester !== undefined && { requester: given.requester }),
    ...(given.tenant !== undefined && { tenant: given.tenant }),
  };
}
