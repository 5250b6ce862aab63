import type { Command } from 'commander';
import { positiveInteger, WHY } from '../flags';

interface ListFlags {
  run?: string;
  agent?: string;
  all?: boolean;
  limit: number;
}

export function registerDead(program: Command): void {
  const dead = program.command('dead').description('work that was given up: look at it, do it again, let it go');
  dead
    .command('list')
    .description('what nobody has seen to yet, the newest first')
    .option('--run <id>', 'only of this run and those below it')
    .option('--agent <name>', 'only of this agent')
    .option('--all', 'also what was retried or discarded')
    .option('--limit <n>', 'so many at most', positiveInteger, 20)
    .action((flags: ListFlags, self: Command) => list(self, flags));
  dead
    .command('show')
    .description('why it was given up, what it is, and what was tried since')
    .argument('<id>')
    .action((id: string, _flags: object, self: Command) => show(self, id));
  dead
    .command('retry')
    .description('do it again, under the same idempotency key; fails with what it fails with')
    .argument('<id>')
    .option(...WHY)
    .action((id: string, flags: { reason?: string }, self: Command) => act(self, id, 'retry', flags));
  dead
    .command('discard')
    .description('close it; nothing is done')
    .argument('<id>')
    .option(...WHY)
    .action((id: string, flags: { reason?: string }, self: Command) => act(self, id, 'discard', flags));
}

async function list(self: Command, flags: ListFlags): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const { letterTable } = require('../dead-text') as typeof import('../dead-text');
  const context = contextOf(self);
  const found = await withLink(context, ({ holdfast }) => holdfast.deadLetters.list(flags));
  context.out.data(found, () => letterTable(found, context.out.style));
}

async function show(self: Command, id: string): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const { letterText } = require('../dead-text') as typeof import('../dead-text');
  const context = contextOf(self);
  const view = await withLink(context, ({ holdfast }) => holdfast.deadLetters.get(id));
  context.out.data({ id, ...view }, () => letterText(view));
}

async function act(self: Command, id: string, action: 'retry' | 'discard', flags: { reason?: string }): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const context = contextOf(self);
  await withLink(context, ({ holdfast }) => holdfast.deadLetters[action](id, flags));
  context.out.data({ id, action }, () => (action === 'retry' ? `${id} is done` : `${id} is discarded`));
}
