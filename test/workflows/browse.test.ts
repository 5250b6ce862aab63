import { ProviderError } from '../../activities/providers/provider';
import { readSteps, runsPage } from '../../apps/cli/browse/pages';
import { scriptedModel } from '../../testing/scripted-model';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('browse');

test('the steps of a run over several Temporal runs have their times, attempts, tokens and cost', async () => {
  const model = scriptedModel([
    { error: new ProviderError('Model.Overloaded', 'busy') },
    { toolCalls: [{ name: 'note', arguments: { text: 'a' } }] },
    { toolCalls: [{ name: 'look', arguments: { text: 'b' } }] },
    { text: 'done' },
  ]);
  const agents = [{ name: 'tester', instructions: 'Test.', model: 'scripted/steps', tools: ['note', 'look'] }];
  const tools = [notingTool('note').tool, notingTool('look', { effect: 'read', quick: true }).tool];
  const prices = { 'scripted/steps': { inputPerMillion: 10, outputPerMillion: 100 } };
  await temporal.during({ agents, tools, providers: [model], prices }, async () => {
    const { holdfast } = temporal;
    const run = await holdfast.start('tester', { id: 'looked-at', input: 'go', rolloverTurns: 1 });
    const { costUsd } = await run.result();
    const steps = await readSteps(holdfast, 'looked-at');
    expect(steps.map(({ kind, attempts, text }) => [kind, attempts, text])).toEqual([
      ['input', undefined, 'go'],
      ['turn', 2, ''],
      ['tool', 1, 'note: a'],
      ['turn', 1, ''],
      // It rode along with the next model call.
      ['tool', undefined, 'look: b'],
      ['turn', 1, 'done'],
    ]);
    const turns = steps.filter(({ kind }) => kind === 'turn');
    for (const turn of turns) {
      expect(turn).toMatchObject({ model: 'steps', usage: { inputTokens: 100, outputTokens: 10 } });
      expect(turn.ms).toBeGreaterThanOrEqual(0);
      expect(Math.abs((turn.startedAt?.getTime() ?? 0) - Date.now())).toBeLessThan(120_000);
    }
    expect(costUsd).toBeGreaterThan(0);
    expect(turns.reduce((sum, turn) => sum + (turn.costUsd ?? 0), 0)).toBeCloseTo(costUsd, 9);

    const page = await runsPage(holdfast, { query: 'WorkflowId = "looked-at"', limit: 5 });
    expect(page.items.length).toBeGreaterThan(0);
    const opened = await page.items[0]?.open?.();
    expect(opened?.items).toHaveLength(steps.length);
    const step = await opened?.items[2]?.open?.();
    expect(step?.items.map(({ line }) => line)).toEqual(expect.arrayContaining(['arguments', 'note: a']));
  });
  await expect(readSteps(temporal.holdfast, 'no-such-run')).rejects.toMatchObject({ code: 'Run.Unknown' });
}, 90_000);
