import type { Command } from 'commander';
import { positiveInteger } from '../flags';
import { registerApprovalsDecide } from './approvals-decide';

interface ListFlags {
  for?: string;
  run?: string;
  all?: boolean;
  limit?: number;
}

export function registerApprovals(program: Command): void {
  const approvals = program.command('approvals').description('what waits for people: look, approve, deny, answer');
  approvals
    .command('list')
    .description('what waits for a decision, the newest first')
    .option('--for <who>', 'only what they may decide: user:ana, role:editor, manager; a bare name is a user')
    .option('--run <id>', 'only of this run and the runs below it')
    .option('--all', 'also what is decided')
    .option('--limit <n>', 'so many at most', positiveInteger, 100)
    .action((flags: ListFlags, command: Command) => list(flags, command));
  approvals
    .command('show')
    .description('one approval: what is asked, why, who decided what')
    .argument('<id>')
    .action((id: string, _flags: object, command: Command) => show(id, command));
  registerApprovalsDecide(approvals);
}

async function list({ for: who, ...filter }: ListFlags, command: Command): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const { approvalTable } = require('../approvals/approval-text') as typeof import('../approvals/approval-text');
  const context = contextOf(command);
  const approver = who === undefined || /^((user|role):|(manager|anyone)$)/.test(who) ? who : `user:${who}`;
  const found = await withLink(context, ({ holdfast }) =>
    holdfast.approvals.list({ ...filter, ...(approver !== undefined && { for: approver }) }),
  );
  context.out.data(found, () => approvalTable(found, context.out.style));
}

async function show(id: string, command: Command): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const { approvalText } = require('../approvals/approval-text') as typeof import('../approvals/approval-text');
  const context = contextOf(command);
  const view = await withLink(context, ({ holdfast }) => holdfast.approvals.get(id));
  context.out.data({ id, ...view }, () => approvalText(id, view, context.out.style));
}
