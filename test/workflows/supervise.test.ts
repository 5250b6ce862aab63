import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('supervise');
const workflowsPath = require.resolve('../fixtures/stop-workflows');
const agent: AgentDefinition = { name: 'reader', instructions: 'Read.', model: 'scripted/steps' };
const refusal: ScriptedStep = { text: 'no', finish: 'refusal' };

test('an agent that ends without an answer is started again under a new id, and given up after so many restarts', async () => {
  const steps = [refusal, { text: 'read' }, refusal, refusal];
  await temporal.during({ workflowsPath, agents: [agent], providers: [scriptedModel(steps)] }, async () => {
    const { client, taskQueue, holdfast } = temporal;
    const kept = { taskQueue, args: ['reader', 1] };
    expect(await client.workflow.execute('kept', { ...kept, workflowId: 'sup' })).toEqual({ kept: 'read' });
    expect((await holdfast.get('sup/kept').result()).stopReason).toBe('refused');
    expect((await holdfast.get('sup/kept-2').result()).output).toBe('read');
    await expect(client.workflow.execute('kept', { ...kept, workflowId: 'sup-2' })).rejects.toMatchObject({
      cause: { type: 'Supervision.Escalated', message: expect.stringContaining('refused') },
    });
  });
});
