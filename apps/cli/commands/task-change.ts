import type { Command } from 'commander';
import { durationMs, positiveInteger, WHY } from '../flags';

interface Why {
  reason?: string;
}

interface ChangeFlags extends Why {
  priority?: number;
  agent?: string;
  deadline?: number;
  softDeadline?: number;
}

/** What people may do to a plan that runs. */
export function registerTaskChange(task: Command): void {
  task
    .command('amend')
    .description('add, replace and remove nodes that have not begun; shows what changed')
    .argument('<id>')
    .requiredOption('-f, --file <file>', '{add: [...], replace: [...], remove: [...]} in YAML or JSON')
    .option(...WHY)
    .action(async (id: string, { file, reason }: Why & { file: string }, command: Command) => {
      const { readMapping } = require('../task/plan-file') as typeof import('../task/plan-file');
      const { differenceText } = require('../task/plan-text') as typeof import('../task/plan-text');
      const { context, plan } = toolsOf(command, id);
      const given = readMapping(file);
      const changed = await plan((handle) => handle.amend({ ...given, ...why(reason) }));
      context.out.data({ id, ...changed }, () => differenceText(changed, context.out.style));
    });
  for (const action of ['retry', 'skip'] as const)
    task
      .command(action)
      .description(
        action === 'retry' ? 'a node that did not succeed, once more' : 'a node that has not begun does not run',
      )
      .argument('<id>')
      .argument('<node>')
      .option(...WHY)
      .action(async (id: string, node: string, { reason }: Why, command: Command) => {
        const { context, plan } = toolsOf(command, id);
        await plan((handle) => handle.adjust({ node, action, ...why(reason) }));
        context.out.data({ id, node, action }, () =>
          action === 'retry' ? `${node} runs again` : `${node} is skipped`,
        );
      });
  task
    .command('change')
    .description('priority, agent or deadlines of a node')
    .argument('<id>')
    .argument('<node>')
    .option('--priority <n>', '1 (most urgent) to 5', positiveInteger)
    .option('--agent <name>', 'who does it, where it has not begun')
    .option('--deadline <time>', 'after the start of the plan, e.g. 2h', durationMs)
    .option('--soft-deadline <time>', 'after the start of the plan', durationMs)
    .option(...WHY)
    .action(async (id: string, node: string, { reason, ...changes }: ChangeFlags, command: Command) => {
      if (Object.keys(changes).length === 0) command.error('error: say what is to be changed');
      const { context, plan } = toolsOf(command, id);
      await plan((handle) => handle.adjust({ node, action: 'change', ...changes, ...why(reason) }));
      context.out.data({ id, node, ...changes }, () => `${node} is changed`);
    });
  for (const action of ['pause', 'resume'] as const)
    task
      .command(action)
      .description(action === 'pause' ? 'nothing new starts; what runs goes on' : 'goes on')
      .argument('<id>')
      .option(...WHY)
      .action(async (id: string, { reason }: Why, command: Command) => {
        const { context, plan } = toolsOf(command, id);
        await plan((handle) => handle[action](reason));
        context.out.data({ id, action }, () => (action === 'pause' ? `${id} pauses` : `${id} goes on`));
      });
}

function why(reason: string | undefined): Why {
  return reason === undefined ? {} : { reason };
}

function toolsOf(command: Command, id: string) {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const context = contextOf(command);
  type Handle = import('../../../client').PlanHandle;
  const plan = <Answer>(act: (handle: Handle) => Promise<Answer>): Promise<Answer> =>
    withLink(context, ({ holdfast }) => act(holdfast.plans.get(id)));
  return { context, plan };
}
