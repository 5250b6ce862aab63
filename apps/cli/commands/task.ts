import type { Command } from 'commander';
import { collect, positiveInteger, positiveNumber, WHY } from '../flags';
import type { SubmitRequest } from '../task/submit-task';
import { registerTaskBatch } from './task-batch';
import { registerTaskChange } from './task-change';
import { registerTaskTemplate } from './task-template';

interface SubmitFlags {
  file?: string;
  template?: string;
  id?: string;
  budget?: number;
  account?: string;
  in?: string[];
  set?: string[];
  planner?: string;
  approve?: boolean;
  dryRun?: boolean;
  fresh?: boolean;
  detach?: boolean;
}

export function registerTask(program: Command): void {
  const task = program.command('task').description('goals and plans: graphs of tasks that agents do together');
  task
    .command('submit')
    .description('run a plan, or have a goal decomposed into one and run')
    .argument('[goal]', 'what is wanted; the agent `planner` makes a plan of it')
    .option('-f, --file <file>', 'a plan in YAML or JSON instead')
    .option('--template <name>', 'a template of the project instead: name, or name@version')
    .option(
      '--set <name=value>',
      'what {{name}} stands for in the file or template; may be given several times',
      collect,
    )
    .option('--id <id>', 'id of the plan; submitting twice with one id starts once')
    .option('--budget <usd>', 'US dollars all of it may cost', positiveNumber)
    .option('--account <name>', 'what it spends from, e.g. acme/research')
    .option('--in <dir>', 'folder its agents may read; may be given several times', collect)
    .option('--planner <agent>', 'who decomposes the goal (default: planner)')
    .option('--approve', 'people are asked for the whole plan before anything runs')
    .option('--dry-run', 'do nothing: simulated models, tools that do nothing; tells what it would do and cost')
    .option('--fresh', 'nothing kept by `memory` is given again')
    .option('--detach', 'return as soon as the plan is accepted')
    .action(async (goal: string | undefined, flags: SubmitFlags, command: Command) => {
      const sources = [goal, flags.file, flags.template].filter((source) => source !== undefined);
      if (sources.length !== 1) command.error('error: give a goal, a plan with --file, or a template with --template');
      const { contextOf } = require('../context') as typeof import('../context');
      const { submitTask } = require('../task/submit-task') as typeof import('../task/submit-task');
      const { mountsOf } = require('../mounts') as typeof import('../mounts');
      const { readPlan, templateFile } = require('../task/plan-file') as typeof import('../task/plan-file');
      const context = contextOf(command);
      const { template } = flags;
      const file = template === undefined ? flags.file : templateFile(context.project, template);
      const request: SubmitRequest = {
        what: file === undefined ? (goal as string) : readPlan(file, flags.set),
        mounts: mountsOf(flags.in ?? []),
        ...(flags.id !== undefined && { id: flags.id }),
        ...(flags.budget !== undefined && { budgetUsd: flags.budget }),
        ...(flags.account !== undefined && { account: flags.account }),
        ...(flags.planner !== undefined && { planner: flags.planner }),
        ...(flags.approve && { approval: {} }),
        ...(flags.dryRun && { dryRun: true }),
        ...(flags.fresh && { fresh: true }),
        ...(flags.detach && { detach: true }),
      };
      process.exitCode = await submitTask(context, request);
    });
  task
    .command('list')
    .description('plans, the newest first')
    .option('--limit <n>', 'so many at most', positiveInteger, 50)
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { planTable } = require('../task/plan-text') as typeof import('../task/plan-text');
      const context = contextOf(command);
      const found = await withLink(context, ({ holdfast }) => holdfast.plans.list({ limit }));
      context.out.data(found, () => planTable(found, context.out.style));
    });
  task
    .command('status')
    .description('one plan: its nodes, who does them, what they cost and wait for')
    .argument('<id>')
    .action(async (id: string, _flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { planText } = require('../task/plan-text') as typeof import('../task/plan-text');
      const context = contextOf(command);
      const [view, nodes] = await withLink(context, ({ holdfast }) => {
        const plan = holdfast.plans.get(id);
        return Promise.all([plan.view(), plan.nodes()]);
      });
      context.out.data({ id, ...view, nodes }, () => planText(id, view, nodes, context.out.style));
    });
  task
    .command('graph')
    .description('the graph of a plan')
    .argument('<id>')
    .option('--format <format>', 'json, mermaid or dot', 'mermaid')
    .action(async (id: string, { format }: { format: string }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { FORMATS, graphOf } = require('../task/plan-graph') as typeof import('../task/plan-graph');
      if (!FORMATS.includes(format)) command.error(`error: option '--format': one of ${FORMATS.join(', ')}`);
      const context = contextOf(command);
      const nodes = await withLink(context, ({ holdfast }) => holdfast.plans.get(id).nodes());
      context.out.data(
        nodes.map(({ id: node, after, status, agent }) => ({ id: node, after, status, ...(agent && { agent }) })),
        () => graphOf(nodes, format),
      );
    });
  task
    .command('watch')
    .description('follow a plan until it is over; Ctrl-C leaves it alone')
    .argument('<id>')
    .action(async (id: string, _flags: object, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { watchTask } = require('../task/submit-task') as typeof import('../task/submit-task');
      process.exitCode = await watchTask(contextOf(command), id);
    });
  task
    .command('cancel')
    .description('end a plan and all it runs, or one node of it')
    .argument('<id>')
    .argument('[node]')
    .option(...WHY)
    .action(async (id: string, node: string | undefined, { reason }: { reason?: string }, command: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const context = contextOf(command);
      const why = reason === undefined ? {} : { reason };
      await withLink(context, ({ holdfast }) => {
        const plan = holdfast.plans.get(id);
        return node === undefined ? plan.cancel(reason) : plan.adjust({ node, action: 'cancel', ...why });
      });
      context.out.data({ id, ...(node !== undefined && { node }) }, () => `${node ?? id} ends`);
    });
  registerTaskTemplate(task);
  registerTaskBatch(task);
  registerTaskChange(task);
}
