import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import type { AgentCheck } from '../../protocol/agent-check';
import { useCliHere } from './cli-within';

/** `holdfast agent check` on a project with settings, tools and agents of its own. */

const { cli, write } = useCliHere('agent-check');

beforeEach(() => {
  write('holdfast.yaml', 'permissions:\n  deny: ["pay(to=evil)"]\n');
  write(
    'tools/pay.ts',
    `import { defineTool } from 'holdfast';
import { z } from 'zod';
export default defineTool({
  name: 'pay', description: 'pays', effect: 'once', secrets: ['BANK_KEY'], priceUsd: 0.1,
  input: z.object({ to: z.string(), amount: z.number() }),
  execute: () => 'paid', undo: () => 'paid back',
});
`,
  );
  write(
    'agents/clerk.yaml',
    `instructions: Pay.
tools: [pay, files]
onFailure: compensate
limits: { costUsd: 2 }
permissions:
  profile: strict
  allow: ["pay(amount<=100)"]
  ask: [{ rule: "pay(amount>1000)", approval: { approvers: ["role:boss"], quorum: 2 } }]
  tainted: { allow: [pay] }
`,
  );
});

test('it says in words what an agent may do, by which rule of whom, and warns', async () => {
  const { code, stdout } = await cli('agent', 'check', 'clerk');
  expect(code).toBe(0);
  expect(stdout).toContain('at most $2.00');
  expect(stdout).toContain('pay (once, $0.10 a call, secrets BANK_KEY)');
  expect(stdout).toContain("deny  pay(to=evil): deny pay(to=evil) (the worker's settings)");
  expect(stdout).toContain('ask   pay(amount>1000): ask pay(amount>1000) (agent clerk); asks role:boss, 2 of them');
  expect(stdout).toContain('allow pay(amount<=100): allow pay(amount<=100) (agent clerk)');
  expect(stdout).toContain('ask   else: profile strict asks for effects (agent clerk); asks anyone');
  expect(stdout).toMatch(/undo\.pay \(once\)\n {4}ask {3}always: profile strict/);
  expect(stdout).toMatch(
    /files_write \(idempotent\)\n {4}allow always: profile strict.*\n {4}ask {3}in a mounted folder/,
  );
  expect(stdout).toContain('warning tainted-once: pay takes effect without asking');
});

test('with --json it is what its schema says', async () => {
  const checked = await cli('agent', 'check', 'agents/clerk.yaml', '--json');
  const check = JSON.parse(checked.stdout) as AgentCheck;
  const schema = JSON.parse(
    readFileSync(path.join(__dirname, '..', '..', 'docs', 'schemas', 'agentCheck.result.json'), 'utf8'),
  );
  expect(new Ajv2020({ strict: false }).validate(schema, check)).toBe(true);
  expect(check.tools.find(({ name }) => name === 'pay')?.cases.map(({ rule, of }) => `${of} ${rule}`)).toEqual([
    'worker pay(to=evil)',
    'agent pay(amount>1000)',
    'agent pay(amount<=100)',
  ]);
  expect(check).toMatchObject({ onFailure: 'compensate', secrets: ['BANK_KEY'], spend: { limits: { costUsd: 2 } } });
});

test('unknown tools and rules that mean nothing are warned of; a file that is no agent is refused', async () => {
  write(
    'agents/typo.yaml',
    `instructions: Pay.
tools: [pay, flies]
permissions: { deny: ["pya(to=x)", "mail_*"], ask: [pay], allow: ["pay(amount<5)"] }
`,
  );
  const { code, stdout } = await cli('agent', 'check', 'typo', '--json');
  expect(code).toBe(0);
  const { warnings } = JSON.parse(stdout) as AgentCheck;
  expect(warnings.map(({ code: kind, rule, tool }) => `${kind} ${rule ?? tool}`)).toEqual([
    'unknown-tool flies',
    'unknown-tool pya(to=x)',
    'never-decides pay(amount<5)',
    'never-matches mail_*',
  ]);
  write('agents/broken.yaml', 'tools: 5\n');
  expect(await cli('agent', 'check', 'broken')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Agent.Invalid'),
  });
  expect(await cli('agent', 'check', 'nobody')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Agent.Unknown'),
  });
});
