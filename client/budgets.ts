import { randomUUID } from 'node:crypto';
import { type Client, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { addUp, type Entry, type Totals } from '../protocol/budget/entry';
import type { AccountView, BookSegment, EntriesPage } from '../protocol/budget/ledger';
import {
  type AccountTerms,
  freezeSchema,
  type OpenAccount,
  openAccountSchema,
  setTermsSchema,
  topUpSchema,
} from '../protocol/budget/terms';
import { HoldfastError } from '../protocol/failures';
import { ledgerIdOf, QUERY, UPDATE, WORKFLOW } from '../protocol/names';
import { problemsOf } from '../protocol/problems';
import { askRun } from './ask-run';
import { toClientError } from './errors';
import { listed } from './listed';
import { update, updateFailure } from './updates';

/** Who acts, and why; kept in the account's entries. */
export interface BudgetActor {
  /** Default: the client's `by`. */
  by?: string;
  reason?: string;
}

/** What a new account has and keeps to; see `docs/budgets.md`. Amounts in the unit of its tree. */
export interface CreateAccountOptions
  extends BudgetActor,
    Omit<OpenAccount, 'by' | 'reason' | 'account' | 'checkHolders'> {
  checkHolders?: number | string;
}

/** What an account's book says, and whether it adds up. */
export interface Book {
  entries: Entry[];
  /** Null when every entry follows from those before it and all add up to what the ledger says; else what is wrong. */
  problem: string | null;
  /** Of entries that are not on the server any more: where they are archived. */
  earlier: BookSegment | null;
  unit: 'usd' | 'credits';
  /** US dollars of one unit; entries are in millionths of a dollar. */
  unitUsd: number;
}

interface Parser {
  safeParse(
    given: unknown,
  ): { success: true; data: unknown } | { success: false; error: Parameters<typeof problemsOf>[0] };
}

/**
 * Accounts, and the money in them.
 *
 * @example
 * ```ts
 * await holdfast.budgets.create('acme', { funds: 100, caps: { day: 20 } }); // US dollars
 * await holdfast.budgets.create('acme/research', { caps: { run: 2 } });
 * const run = await holdfast.start('analyst', { input: 'Why did churn rise?', account: 'acme/research' });
 * await run.result();
 * const { spent } = await holdfast.budgets.get('acme/research');
 * await holdfast.budgets.topUp('acme', 50, { reason: 'the new quarter' });
 * ```
 */
export class Budgets {
  constructor(
    private readonly temporal: Client,
    private readonly options: { by: string; taskQueue: string },
  ) {}

  /**
   * Opens an account; with its first one a tree and the ledger that keeps it. An account below another needs that one first.
   * @throws HoldfastError `Budget.Exists`, `Budget.Unknown`, `Budget.Invalid`, `Input.Invalid`, `Server.*`.
   */
  async create(account: string, options: CreateAccountOptions = {}): Promise<void> {
    const asked = this.parsed(openAccountSchema, account, options);
    if (account.includes('/')) {
      await this.update(account, UPDATE.openAccount, asked);
      return;
    }
    const startWorkflowOperation = new WithStartWorkflowOperation(WORKFLOW.ledger, {
      workflowId: ledgerIdOf(account),
      taskQueue: this.options.taskQueue,
      args: [{ root: account }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `the money of ${account}`,
    });
    try {
      await this.temporal.workflow.executeUpdateWithStart(UPDATE.openAccount, {
        args: [asked],
        startWorkflowOperation,
      });
    } catch (error) {
      throw updateFailure(error, ledgerIdOf(account));
    }
  }

  /** All accounts, or those of one tree. @throws HoldfastError `Budget.Unknown`, `Server.*`. */
  async list(root?: string): Promise<AccountView[]> {
    if (root !== undefined) return this.accounts(root);
    const ids: string[] = [];
    const query = `WorkflowType = "${WORKFLOW.ledger}" AND ExecutionStatus = "Running"`;
    for await (const { workflowId } of listed(this.temporal, query, Number.POSITIVE_INFINITY, 'budgets'))
      ids.push(workflowId);
    const roots = ids.map((id) => id.slice(ledgerIdOf('').length)).sort();
    return (await Promise.all(roots.map((name) => this.accounts(name)))).flat();
  }

  /** What an account has, has spent and has lent out. @throws HoldfastError `Budget.Unknown`, `Server.*`. */
  async get(account: string): Promise<AccountView> {
    const found = (await this.accounts(account)).find((one) => one.account === account);
    if (found) return found;
    throw unknown(account);
  }

  /**
   * Adds funds, in the unit of the tree; runs that wait for money go on. Asked again with the same `id` nothing is added twice.
   * @throws HoldfastError `Budget.Unknown`, `Budget.Invalid`, `Input.Invalid`, `Server.*`.
   */
  async topUp(
    account: string,
    amount: number,
    { id = randomUUID(), ...actor }: BudgetActor & { id?: string } = {},
  ): Promise<void> {
    await this.update(account, UPDATE.topUp, this.parsed(topUpSchema, account, { amount, ...actor }), id);
  }

  /** Changes caps, warnings and what happens when it is empty; what is not said stays. @throws as `topUp`. */
  async setTerms(account: string, terms: AccountTerms, actor: BudgetActor = {}): Promise<void> {
    await this.update(account, UPDATE.setTerms, this.parsed(setTermsSchema, account, { ...terms, ...actor }));
  }

  /** Nothing is leased from it any more; calls in flight end. @throws as `topUp`, and `Budget.Frozen`. */
  async freeze(account: string, actor: BudgetActor = {}): Promise<void> {
    await this.update(account, UPDATE.freeze, this.parsed(freezeSchema, account, actor));
  }

  /** It is leased from again; runs that waited go on. @throws as `freeze`. */
  async unfreeze(account: string, actor: BudgetActor = {}): Promise<void> {
    await this.update(account, UPDATE.unfreeze, this.parsed(freezeSchema, account, actor));
  }

  /**
   * The book of the account's tree, checked; with `account` below a root only the entries that count for it are given.
   * @throws HoldfastError `Budget.Unknown`, `Server.*`.
   */
  async entries(account: string): Promise<Book> {
    const { entries, digest, earlier, last } = await this.readBook(account);
    const accounts = await this.accounts(account);
    const { unit, unitUsd } = last;
    const shown = entries.filter((entry) => `${entry.account}/`.startsWith(`${account}/`));
    return { entries: shown, problem: problemOf(entries, digest, accounts, unitUsd), earlier, unit, unitUsd };
  }

  /** From the latest Temporal run of the ledger back to the first that the server still has. */
  private async readBook(account: string) {
    const id = ledgerIdOf(account);
    let last = await this.readRun(account);
    const { unit, unitUsd } = last;
    let { entries, digest } = last;
    let earlier = last.segment ?? null;
    while (earlier) {
      const { runId } = earlier;
      const before = await this.readRun(account, runId).catch((error) => {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw toClientError(error, id);
      });
      if (!before) break;
      entries = [...before.entries, ...entries];
      digest = before.digest;
      earlier = before.segment ?? null;
      last = before;
    }
    return { entries, digest, earlier, last: { unit, unitUsd } };
  }

  private async readRun(account: string, runId?: string): Promise<EntriesPage> {
    const handle = this.temporal.workflow.getHandle(ledgerIdOf(account), runId);
    const ask = (from?: number) => askRun(() => handle.query<EntriesPage, [number?]>(QUERY.entries, from));
    const first = await ask().catch((error) => {
      throw runId === undefined ? asUnknown(error, account) : error;
    });
    const entries = [...first.entries];
    while (entries.length > 0 && first.from + entries.length <= first.written) {
      const page = await ask(first.from + entries.length);
      if (page.entries.length === 0) break;
      entries.push(...page.entries);
    }
    return { ...first, entries };
  }

  private async accounts(account: string): Promise<AccountView[]> {
    try {
      const handle = this.temporal.workflow.getHandle(ledgerIdOf(account));
      return await askRun(() => handle.query<AccountView[]>(QUERY.accounts));
    } catch (error) {
      throw asUnknown(error, account);
    }
  }

  private async update(account: string, name: string, asked: object, id?: string): Promise<void> {
    try {
      await update<void>(this.temporal.workflow.getHandle(ledgerIdOf(account)), name, asked, id);
    } catch (error) {
      throw asUnknown(error, account);
    }
  }

  private parsed(schema: Parser, account: string, given: object): object {
    const parsed = schema.safeParse({ by: this.options.by, ...given, account });
    if (parsed.success) return parsed.data as object;
    throw new HoldfastError('Input.Invalid', problemsOf(parsed.error, 'account'), {
      hint: 'See docs/budgets.md for what an account may be given.',
    });
  }
}

/** Only a book that is there from its first entry can be held against what the ledger says. */
function problemOf(entries: Entry[], digest: string, accounts: AccountView[], unitUsd: number): string | null {
  const totals: Totals = {};
  const wrong = addUp(entries, totals, digest);
  if (wrong !== undefined) return `entry ${wrong} is not what was written`;
  if (entries[0]?.n !== 1) return null;
  for (const { account, spent, leased } of accounts) {
    const total = totals[account];
    const same = (micros: number | undefined, shown: number) => Math.round(shown * unitUsd * 1_000_000) === micros;
    if (!same(total?.spent, spent) || !same(total?.leased, leased)) return `the entries of "${account}" do not add up`;
  }
  return null;
}

function unknown(account: string, cause?: unknown): HoldfastError {
  return new HoldfastError('Budget.Unknown', `there is no account "${account}"`, {
    hint: '`holdfast budget list` shows the accounts there are.',
    cause,
  });
}

function asUnknown(error: unknown, account: string): Error {
  const known = toClientError(error, ledgerIdOf(account));
  const gone = HoldfastError.is(known) && (known.code === 'Run.Unknown' || known.code === 'Run.Ended');
  return gone ? unknown(account, error) : known;
}
