import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import type { HandOverResult } from '../../workflows/public';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('hand-over');
const workflowsPath = require.resolve('../fixtures/stop-workflows');
const agents = ['clerk', 'boss'].map((name): AgentDefinition => {
  return { name, instructions: `You are the ${name}.`, model: 'scripted/steps' };
});

function during(steps: ScriptedStep[], work: () => Promise<void>): Promise<void> {
  return temporal.during({ workflowsPath, agents, providers: [scriptedModel(steps)] }, work);
}

function handedOver(workflowId: string, limits = {}): Promise<HandOverResult> {
  const { client, taskQueue } = temporal;
  return client.workflow.execute('handedOver', { taskQueue, workflowId, args: [['clerk', 'boss'], limits] });
}

const said = (value: object): ScriptedStep => ({ text: JSON.stringify(value) });

test('agents hand a piece of work on, each told what the one before wrote, until one answers', async () => {
  const seen: string[] = [];
  const step =
    (value: object): ScriptedStep =>
    ({ messages }) => {
      seen.push(JSON.stringify(messages[0]));
      return { text: JSON.stringify(value) };
    };
  await during([step({ to: 'boss', message: 'sign this' }), step({ to: 'nobody', message: 'signed' })], async () => {
    const end = await handedOver('hand');
    expect(end).toMatchObject({ stopReason: 'completed', output: 'signed' });
    expect(end.trail.map(({ run }) => run)).toEqual(['hand/1-clerk', 'hand/2-boss']);
    expect(seen[0]).toContain('see to it');
    expect(seen[1]).toContain('sign this');
  });
});

test('two that hand it to each other for ever are broken, with a typed reason', async () => {
  const steps = Array.from({ length: 40 }, (_, n) =>
    said({ to: n % 2 === 0 ? 'boss' : 'clerk', message: `yours ${n}` }),
  );
  await during(steps, async () => {
    const end = await handedOver('hand-for-ever');
    expect(end).toMatchObject({
      stopReason: 'ping-pong',
      output: 'yours 6',
      detail: expect.stringContaining('boss → clerk → boss'),
    });
    expect(end.trail).toHaveLength(7);
  });
});

test('whom nobody named is not handed anything, and limits that cannot be are refused', async () => {
  const stranger = Array.from({ length: 5 }, () => said({ to: 'stranger', message: 'x' }));
  await during(stranger, async () => {
    expect(await handedOver('hand-stranger')).toMatchObject({
      stopReason: 'agent-stopped',
      detail: expect.stringContaining('invalid-output'),
    });
    await expect(handedOver('hand-wrong', { most: 0 })).rejects.toMatchObject({ cause: { type: 'Input.Invalid' } });
  });
});
