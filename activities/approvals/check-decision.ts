import { timingSafeEqual } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import type { CheckDecisionInput } from '../../protocol/approval';
import { SIGNATURE_VALID_MS, signatureOf } from '../../protocol/decision-signature';
import { HoldfastError } from '../../protocol/failures';
import type { ActivityServices } from '../services';
import { toFailure } from '../to-failure';
import { checkArguments } from '../tools/check-arguments';
import { capacityOf } from './people';

type Services = Pick<ActivityServices, 'approvalKey' | 'people' | 'tools'>;

/** What only the worker can tell about a decision: whether it is genuine, who may make it, whether changed arguments fit. */
export function createCheckDecision(services: Services) {
  return async function checkDecision(input: CheckDecisionInput): Promise<{ as: string; signed: boolean }> {
    try {
      return await check(input, services, Date.now());
    } catch (error) {
      throw toFailure(error, activityInfo().attempt);
    }
  };
}

export async function check(input: CheckDecisionInput, services: Services, now: number) {
  const { decision, approvers, requester } = input;
  const signed = checkSignature(input, services.approvalKey, now);
  const as = capacityOf(decision.by, decision.as, approvers, requester, services.people);
  if (as === undefined) {
    throw new HoldfastError(
      'Approval.NotApprover',
      `${decision.by} is none of those who may decide: ${approvers.join(', ')}`,
      {
        hint: services.people
          ? "The worker's `people` say who has which role."
          : 'Say in which capacity: `--as role:NAME`. With `people` configured the worker knows.',
      },
    );
  }
  if (decision.edit && input.tool !== undefined) {
    const tool = services.tools.get(input.tool);
    if (!tool)
      throw new HoldfastError('Tool.Unknown', `this worker has no tool "${input.tool}" to check the arguments by`);
    const prepared = await checkArguments(tool, decision.edit);
    if (!prepared.ok) throw new HoldfastError('Input.Invalid', `edit: ${prepared.problem}`);
  }
  return { as, signed };
}

/** @returns whether the decision is signed. */
function checkSignature(
  { approval, decision, digest }: CheckDecisionInput,
  key: string | undefined,
  now: number,
): boolean {
  if (key === undefined) return false;
  const { signature, at } = decision;
  if (signature === undefined || at === undefined || decision.digest === undefined || decision.nonce === undefined) {
    throw new HoldfastError('Approval.Signature', 'decisions are signed here, and this one is not', {
      hint: 'Decide with `holdfast approvals` or the client, with HOLDFAST_APPROVAL_KEY set.',
    });
  }
  const wanted = Buffer.from(signatureOf(approval, decision, key), 'hex');
  const given = Buffer.from(signature, 'hex');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new HoldfastError('Approval.Signature', 'the signature does not fit the decision', {
      hint: 'It was made with another key, or changed on the way.',
    });
  }
  if (decision.digest !== digest || Math.abs(now - at) > SIGNATURE_VALID_MS) {
    throw new HoldfastError('Approval.Stale', 'the decision was signed for something else, or too long ago', {
      hint: 'Look at the approval again and decide anew.',
    });
  }
  return true;
}
