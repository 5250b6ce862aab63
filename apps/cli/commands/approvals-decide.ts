import type { Command } from 'commander';
import { WHY } from '../flags';

const BY = ['--by <name>', 'who decides (default: HOLDFAST_USER, else the account)'] as const;
const AS = ['--as <who>', 'in which capacity, where no directory of people tells: role:editor'] as const;
const DIGEST = ['--digest <hex>', 'as `show` printed it: refused when something else is asked by now'] as const;

export interface DecideFlags {
  by?: string;
  as?: string;
  reason?: string;
  digest?: string;
  edit?: string;
  remember?: string;
}

export function registerApprovalsDecide(approvals: Command): void {
  const deciding = (name: string, about: string): Command =>
    approvals
      .command(name)
      .description(about)
      .argument('<id>')
      .option(...WHY)
      .option(...BY)
      .option(...AS)
      .option(...DIGEST);
  deciding('approve', 'let it happen, as it is asked or with other arguments')
    .option('--edit <file>', 'a JSON file with the arguments to use instead; - reads standard input')
    .option('--remember <what>', 'run: the tool for the rest of the run; or a rule, e.g. "pay(amount<=50)"')
    .action((id: string, flags: DecideFlags, command: Command) => decide(command, id, 'approve', flags));
  deciding('deny', 'refuse it; the agent is told, with the reason').action(
    (id: string, flags: DecideFlags, command: Command) => decide(command, id, 'deny', flags),
  );
  deciding('answer', 'answer a question of an agent, or settle an effect')
    .argument('<text>')
    .action((id: string, text: string, flags: DecideFlags, command: Command) =>
      decide(command, id, 'answer', flags, text),
    );
}

async function decide(
  command: Command,
  id: string,
  verb: 'approve' | 'deny' | 'answer',
  flags: DecideFlags,
  answer?: string,
): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { decideHere } = require('../approvals/decide') as typeof import('../approvals/decide');
  await decideHere(contextOf(command), id, verb, flags, answer);
}
