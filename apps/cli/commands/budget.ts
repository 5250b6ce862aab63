import type { Command } from 'commander';
import { registerBudgetChange } from './budget-change';
import { registerBudgetLook } from './budget-look';

export function registerBudget(program: Command): void {
  const budget = program.command('budget').description('accounts: what agents may spend, and what they have spent');
  registerBudgetLook(budget);
  registerBudgetChange(budget);
}
