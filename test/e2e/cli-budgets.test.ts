import type { AccountView } from '../../client';
import { useCliWithin } from './cli-within';

/** Accounts on the command line, beside `dev`: opened, spent from, found empty, frozen, and their book read. */

const within = useCliWithin('cli-budgets', { HOLDFAST_USER: 'ana' });
const { cli, saying, write } = within;
const usage = { inputTokens: 1_000, outputTokens: 1_000 };

beforeAll(() => {
  const price = '{ inputPerMillion: 1, outputPerMillion: 1 }';
  write('holdfast.yaml', `version: 1\nprices:\n  openai/gpt-5-mini: ${price}\n`);
  write(
    'agents/clerk.yaml',
    'instructions: Answer.\nmodel: openai/gpt-5-mini\ntools: []\nparameters: { maxOutputTokens: 10000 }\n',
  );
  within.vendor.setScript(() => ({ text: 'Done.', usage }));
});
within.dev();

async function budget(...args: string[]): Promise<AccountView> {
  const { code, stdout, stderr } = await cli('budget', ...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test('an empty account ends a run with exit code 4, or leaves it waiting with 3; money lets it go on', async () => {
  expect((await cli('budget', 'list')).stdout).toBe('no accounts\n');
  const created = await cli('budget', 'create', 'acme', '--funds', '0', '--when-empty', 'stop', '--reason', 'new');
  expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/acme\n\s+funds\s+\$0\n[\s\S]*runs end/) });
  const run = (id: string) => cli('run', 'clerk', 'hello', '--id', id, '--account', 'acme');
  const refused = await run('no-money');
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('account "acme" is empty') });
  expect(within.vendor.count()).toBe(0);
  expect((await cli('runs', 'watch', 'no-money')).code).toBe(4);

  const asks = ['--when-empty', 'ask', '--ask-amount', '2', '--approver', 'role:boss', '--approver', 'user:cy'];
  expect((await cli('budget', 'caps', 'acme', ...asks)).stdout).toContain('runs wait, and people are asked');
  saying(false, []);
  const left = await run('asks-money');
  expect(left).toMatchObject({ code: 3, stdout: 'asks-money waits for an approval\n' });
  const { approvals, waiting } = await budget('show', 'acme');
  expect([approvals, waiting]).toEqual([['ledger/acme/ask-1'], 1]);
  expect((await cli('budget', 'list')).stdout).toMatch(/acme\s+\$0\s+\$0\s+\$0\s+\$0\s+1 waiting/);
  expect((await cli('budget', 'show', 'acme')).stdout).toMatch(/waiting\s+1 runs\n\s+asked\s+ledger\/acme\/ask-1/);
  const shown = (await cli('approvals', 'show', 'ledger/acme/ask-1')).stdout;
  expect(shown).toMatch(/top up "acme" by \$2[\s\S]*role:boss, user:cy/);
  const approve = ['approvals', 'approve', 'ledger/acme/ask-1', '--by', 'cy', '--reason', 'fine'];
  expect(await cli(...approve)).toMatchObject({ code: 0 });
  expect(await cli('runs', 'watch', 'asks-money')).toMatchObject({ code: 0, stdout: 'Done.\n' });
  expect(await budget('show', 'acme')).toMatchObject({ funded: 2, spent: 0.002, calls: 1, waiting: 0, approvals: [] });
  expect(await run('has-money')).toMatchObject({ code: 0, stdout: 'Done.\n' });

  expect(await budget('top-up', 'acme', '0.5', '--reason', 'november')).toMatchObject({ funded: 2.5, spent: 0.004 });
  const book = await cli('budget', 'entries', 'acme');
  expect(book).toMatchObject({ code: 0, stdout: expect.stringContaining('every entry follows from those before it') });
  for (const line of [
    /1\s.*open\s+acme\s+ana: new/,
    /top-up\s+acme\s+\$2\s+cy: fine/,
    /spend\s+acme\s+\$0\.002\s+has-money/,
    /top-up\s+acme\s+\$0\.5\s+ana: november/,
  ])
    expect(book.stdout).toMatch(line);
  expect(JSON.parse((await cli('budget', 'entries', 'acme', '--json')).stdout)).toMatchObject({ problem: null });
}, 180_000);

test('accounts below it, caps, credits and frost', async () => {
  const tree = ['pool', '--credits', '--credit-usd', '0.001', '--funds', '5000', '--time-zone', 'Europe/Berlin'];
  await budget('create', ...tree, '--cap-month', '100');
  await budget('create', 'pool/team', '--cap-day', '50', '--cap-run', '20', '--cap-call', '15', '--warn-at', '0.5,1');
  const show = async () => (await cli('budget', 'show', 'pool/team')).stdout;
  expect(await show()).toMatch(
    /pool\/team · credits of \$0\.001[\s\S]*none of its own[\s\S]*Europe\/Berlin[\s\S]*available\s+50 cr[\s\S]*caps\s+50 cr a day, 20 cr a run, 15 cr a call/,
  );
  const changed = await budget('caps', 'pool/team', '--cap-day', 'none', '--unknown-price', '3');
  expect(changed).toMatchObject({ caps: { run: 20, call: 15 }, unknownPrice: 3, available: 100 });
  expect(await show()).toMatch(/no price\s+a call counts 3 cr/);
  expect(await budget('caps', 'pool/team', '--unknown-price', 'refuse')).toMatchObject({ unknownPrice: 'refuse' });

  expect(await budget('freeze', 'pool', '--reason', 'odd')).toMatchObject({ frozen: { by: 'ana', reason: 'odd' } });
  expect((await cli('budget', 'list', 'pool')).stdout).toMatch(/pool\s+5000 cr.*frozen by ana\n.*pool\/team\s+—/);
  expect((await cli('budget', 'show', 'pool')).stdout).toMatch(/frozen\s+by ana: odd/);
  expect(await cli('budget', 'freeze', 'pool')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/Budget\.Frozen/),
  });
  expect(await budget('unfreeze', 'pool')).toMatchObject({ frozen: null });
  const listed = JSON.parse((await cli('budget', 'list', '--json')).stdout) as AccountView[];
  expect(listed.map(({ account }) => account)).toEqual(['acme', 'pool', 'pool/team']);

  const refusals: [string[], RegExp][] = [
    [['create', 'pool'], /Budget\.Exists/],
    [['create', 'nowhere/team'], /Budget\.Unknown/],
    [['create', 'Pool'], /Input\.Invalid/],
    [['show', 'pool/nobody'], /Budget\.Unknown/],
    [['entries', 'nowhere'], /Budget\.Unknown/],
    [['top-up', 'pool/team', '5'], /Budget\.Invalid[\s\S]*no funds of its own/],
    [['top-up', 'pool', '-5'], /a number above 0/],
    [['create', 'more', '--funds', '-1'], /a number, 0 or above/],
    [['create', 'more', '--cap-day', 'much'], /a number above 0/],
    [['caps', 'pool', '--warn-at', '0.5,high'], /a number above 0/],
    [['caps', 'pool'], /nothing to change/],
  ];
  for (const [args, told] of refusals) {
    expect(await cli('budget', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(told) });
  }
}, 120_000);
