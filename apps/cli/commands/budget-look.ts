import type { Command } from 'commander';

export function registerBudgetLook(budget: Command): void {
  budget
    .command('list')
    .description('accounts, with what is left of them')
    .argument('[root]', 'only the accounts of this tree')
    .action(async (root: string | undefined, _flags: object, self: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { budgetTable } = require('../budget-text') as typeof import('../budget-text');
      const context = contextOf(self);
      const found = await withLink(context, ({ holdfast }) => holdfast.budgets.list(root));
      context.out.data(found, () => budgetTable(found, context.out.style));
    });
  budget
    .command('show')
    .description('one account: funds, caps, who holds and who waits')
    .argument('<account>')
    .action(async (account: string, _flags: object, self: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { budgetText } = require('../budget-text') as typeof import('../budget-text');
      const context = contextOf(self);
      const shown = await withLink(context, ({ holdfast }) => holdfast.budgets.get(account));
      context.out.data(shown, () => budgetText(shown, context.out.style));
    });
  budget
    .command('entries')
    .description('its book, entry by entry, and whether it adds up; exit code 1 where it does not')
    .argument('<account>')
    .action(async (account: string, _flags: object, self: Command) => {
      const { contextOf } = require('../context') as typeof import('../context');
      const { withLink } = require('../link') as typeof import('../link');
      const { entriesText } = require('../budget-text') as typeof import('../budget-text');
      const { EXIT } = require('../exit-codes') as typeof import('../exit-codes');
      const context = contextOf(self);
      const book = await withLink(context, ({ holdfast }) => holdfast.budgets.entries(account));
      context.out.data(book, () => entriesText(book, context.out.style));
      if (book.problem !== null) process.exitCode = EXIT.failed;
    });
}
