import Ajv2020 from 'ajv/dist/2020';
import { comparisonText } from '../../apps/cli/compare-text';
import { styleFor } from '../../apps/cli/style';
import { wireSchemas } from '../../protocol/wire';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('compare');
const call = (id: string, text: string): ScriptedStep => ({ toolCalls: [{ id, name: 'note', arguments: { text } }] });

test('two runs side by side, up to where they part', async () => {
  // In the order in which the runs are made; ids of calls are the vendor's and are not compared.
  const model = scriptedModel([
    ...[call('a1', 'x'), call('a2', 'y'), { text: 'done' }],
    ...[call('b1', 'x'), call('b2', 'y'), { text: 'done' }],
    ...[call('c1', 'x'), call('c2', 'z'), { text: 'done' }],
    ...[call('d1', 'x')],
  ]);
  const agents = [{ name: 'tester', instructions: 'Test.', model: 'scripted/steps', tools: ['note'] }];
  const prices = { 'scripted/steps': { inputPerMillion: 10, outputPerMillion: 100 } };
  await temporal.during({ agents, tools: [notingTool('note').tool], providers: [model], prices }, async () => {
    const { holdfast } = temporal;
    const run = async (id: string, more: object = {}) =>
      (await holdfast.start('tester', { id, input: 'go', ...more })).result();
    await run('cmp-a', { rolloverTurns: 1 });
    await run('cmp-b');
    await run('cmp-c');
    await run('cmp-short', { limits: { turns: 1 } });

    const same = await holdfast.compare('cmp-a', 'cmp-b');
    expect(same).toMatchObject({ common: 6, different: null });
    expect(comparisonText(same, styleFor({}))).toContain('The same conversation: 6 messages.');

    const parted = await holdfast.compare('cmp-a', 'cmp-c');
    expect(parted.different).toEqual({
      position: 3,
      messages: ['y', 'z'].map((text) => ({
        role: 'assistant',
        text: '',
        calls: [{ name: 'note', arguments: { text } }],
        tool: null,
        outcome: null,
      })),
    });
    expect(parted.runs[0]).toMatchObject({ id: 'cmp-a', turns: 3, toolCalls: 2, messages: 6, stopReason: 'completed' });
    expect(parted.runs[0].costUsd).toBeGreaterThan(0);
    expect(parted.runs[0].ms).toBeGreaterThan(0);

    const short = await holdfast.compare('cmp-a', 'cmp-short');
    expect(short.runs[1]).toMatchObject({ turns: 1, stopReason: 'max-turns' });
    expect(short.different?.position).toBe(3);
    expect(short.different?.messages[1]).toBeNull();
    const text = comparisonText(short, styleFor({}));
    expect(text).toMatch(/≠ {2}turns +3 +1\n/);
    expect(text).toMatch(/ {3}agent +tester \w+ +tester \w+\n/);
    expect(text).toMatch(
      /The same up to message 3\. Message 4:\ncmp-a\n {2}assistant:\n {2}→ note \{"text":"y"\}\ncmp-short\n {2}\(none\)/,
    );

    const valid = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(
      wireSchemas()['compare.result'] as object,
    );
    for (const comparison of [same, parted, short]) expect([valid(comparison), valid.errors]).toEqual([true, null]);
    await expect(holdfast.compare('cmp-a', 'no-such-run')).rejects.toMatchObject({ code: 'Run.Unknown' });
  });
}, 90_000);
