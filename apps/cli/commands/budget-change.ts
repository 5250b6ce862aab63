import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AccountTerms, Budgets } from '../../../client';
import { collect, positiveNumber, WHY } from '../flags';

/** Commander makes a text of null: what takes a cap away is a word here. */
type Cap = number | 'none';

interface TermFlags {
  capDay?: Cap;
  capMonth?: Cap;
  capRun?: Cap;
  capCall?: Cap;
  whenEmpty?: 'ask' | 'stop';
  askAmount?: number;
  approver?: string[];
  warnAt?: number[];
  unknownPrice?: 'refuse' | number;
  reason?: string;
}

interface CreateFlags extends TermFlags {
  funds?: number;
  credits?: boolean;
  creditUsd?: number;
  timeZone?: string;
}

export function registerBudgetChange(budget: Command): void {
  const create = budget
    .command('create')
    .description('open an account; "acme/research" spends from "acme" too')
    .argument('<account>')
    .option('--funds <amount>', 'what it may spend until it is topped up (default: no limit of its own)', amount)
    .option('--credits', 'count in credits, not dollars; of the whole tree')
    .option('--credit-usd <usd>', 'US dollars of a credit (default 0.01)', positiveNumber)
    .option('--time-zone <name>', 'in which days and months begin, of the whole tree (default UTC)');
  withTerms(create).action((account: string, flags: CreateFlags, self: Command) => {
    const { funds, credits, creditUsd, timeZone, reason } = flags;
    const options = {
      ...termsOf(flags),
      ...(funds !== undefined && { funds }),
      ...(credits && { unit: 'credits' as const }),
      ...(creditUsd !== undefined && { creditUsd }),
      ...(timeZone !== undefined && { timeZone }),
      ...(reason !== undefined && { reason }),
    };
    return act(self, account, 'create', (budgets) => budgets.create(account, options));
  });
  budget
    .command('top-up')
    .description('add funds, in the unit of its tree; runs that wait go on')
    .argument('<account>')
    .argument('<amount>', 'e.g. 20', positiveNumber)
    .option(...WHY)
    .action((account: string, added: number, { reason }: TermFlags, self: Command) =>
      act(self, account, 'top-up', (budgets) => budgets.topUp(account, added, why(reason))),
    );
  withTerms(
    budget.command('caps').description('change caps, and what happens when it is empty').argument('<account>'),
  ).action((account: string, flags: TermFlags, self: Command) =>
    act(self, account, 'caps', (budgets) => budgets.setTerms(account, termsOf(flags), why(flags.reason))),
  );
  budget
    .command('freeze')
    .description('lease nothing from it any more; calls in flight end')
    .argument('<account>')
    .option(...WHY)
    .action((account: string, { reason }: TermFlags, self: Command) =>
      act(self, account, 'freeze', (budgets) => budgets.freeze(account, why(reason))),
    );
  budget
    .command('unfreeze')
    .description('lease from it again')
    .argument('<account>')
    .option(...WHY)
    .action((account: string, { reason }: TermFlags, self: Command) =>
      act(self, account, 'unfreeze', (budgets) => budgets.unfreeze(account, why(reason))),
    );
}

function withTerms(command: Command): Command {
  for (const name of ['day', 'month', 'run', 'call']) {
    command.option(`--cap-${name} <amount>`, `most for a ${name}; "none" takes the cap away`, cap);
  }
  return command
    .addOption(
      new Option('--when-empty <what>', 'runs wait and people are asked, or runs end').choices(['ask', 'stop']),
    )
    .option('--ask-amount <amount>', 'what an approval adds (default: ten calls)', positiveNumber)
    .option('--approver <who>', 'who may approve, e.g. role:boss; may be given several times', collect)
    .option('--warn-at <parts>', 'parts of funds and caps at which people are told, e.g. 0.5,0.8,1', parts)
    .option('--unknown-price <amount>', 'what a call to a model without a price counts; "refuse" refuses it', price)
    .option(...WHY);
}

function termsOf({
  capDay,
  capMonth,
  capRun,
  capCall,
  whenEmpty,
  askAmount,
  approver,
  warnAt,
  unknownPrice,
}: TermFlags): AccountTerms {
  const given = Object.entries(definedOf({ day: capDay, month: capMonth, run: capRun, call: capCall }));
  const caps = Object.fromEntries(given.map(([name, value]) => [name, value === 'none' ? null : value]));
  const ask = definedOf({ amount: askAmount, approvers: approver });
  return {
    ...(Object.keys(caps).length > 0 && { caps }),
    ...(Object.keys(ask).length > 0 && { ask }),
    ...definedOf({ whenEmpty, warnAt, unknownPrice }),
  } as AccountTerms;
}

function definedOf<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function why(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

async function act(
  self: Command,
  account: string,
  action: string,
  work: (budgets: Budgets) => Promise<void>,
): Promise<void> {
  const { contextOf } = require('../context') as typeof import('../context');
  const { withLink } = require('../link') as typeof import('../link');
  const { budgetText } = require('../budget-text') as typeof import('../budget-text');
  const context = contextOf(self);
  const view = await withLink(context, async ({ holdfast }) => {
    await work(holdfast.budgets);
    return holdfast.budgets.get(account);
  });
  context.out.data({ action, ...view }, () => budgetText(view, context.out.style));
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number, 0 or above.');
}

function cap(text: string): Cap {
  return text === 'none' ? text : positiveNumber(text);
}

function price(text: string): 'refuse' | number {
  return text === 'refuse' ? text : positiveNumber(text);
}

function parts(text: string): number[] {
  return text.split(',').map(positiveNumber);
}
