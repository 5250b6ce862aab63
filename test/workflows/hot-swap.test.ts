import type { AgentDefinition } from '../../protocol/agent';
import { scriptedModel } from '../../testing/scripted-model';
import { startVendorServer, type VendorServer } from '../../testing/vendor-server';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

/** R5.13: the provider of a live chat is changed between turns, over the real vendor clients; the next turn uses it, the context is kept. */

const temporal = useTemporal('swap');
const agent: AgentDefinition = {
  name: 'swapper',
  instructions: 'Be brief.',
  tools: ['note'],
  model: 'openai/gpt-5-mini',
};
const ROUTES = [
  'openai/gpt-5-mini',
  'anthropic/claude-sonnet-4-5',
  'compatible/llama3',
  'scripted/steps',
  'anthropic/claude-sonnet-4-5',
];

let vendor: VendorServer;

beforeAll(async () => {
  // Every first request of an exchange calls the tool, every second one answers.
  let asked = 0;
  vendor = await startVendorServer({
    script: () =>
      asked++ % 2 === 0
        ? { text: 'Noting.', toolCalls: [{ id: `call_${asked}`, name: 'note', arguments: { text: `n${asked}` } }] }
        : { text: `vendor answer ${asked}` },
  });
});

afterAll(() => vendor.close());

test('a chat goes from vendor to vendor with every turn, and each sees all that was said before', async () => {
  const scripted = scriptedModel([({ messages }) => ({ text: `scripted saw ${messages.length}` })]);
  const options = {
    agents: [agent],
    tools: [notingTool('note').tool],
    providers: [scripted],
    env: {
      OPENAI_API_KEY: 'k',
      OPENAI_BASE_URL: vendor.openaiURL,
      ANTHROPIC_API_KEY: 'k',
      ANTHROPIC_BASE_URL: vendor.anthropicURL,
    },
    providerSettings: {
      compatible: { type: 'openai', api: 'chat' as const, baseURL: vendor.openaiURL },
    },
  };
  await temporal.during(options, async () => {
    const chat = temporal.holdfast.chat('swapper', { id: 'swapped' });
    const answers: unknown[] = [];
    for (const [at, model] of ROUTES.entries()) {
      if (at > 0) await chat.change({ model }, 'compare');
      answers.push((await (await chat.send(`question ${at + 1}`)).reply()).output);
      expect((await chat.state()).model).toBe(model);
    }
    expect(answers).toEqual([
      expect.stringMatching(/^vendor answer/),
      expect.stringMatching(/^vendor answer/),
      expect.stringMatching(/^vendor answer/),
      // Three exchanges of four messages, and the question.
      'scripted saw 13',
      expect.stringMatching(/^vendor answer/),
    ]);
    const last = JSON.stringify(vendor.requests.at(-1)?.body);
    for (let question = 1; question <= 5; question++) expect(last).toContain(`question ${question}`);
    expect(last).toContain('scripted saw 13');
    const paths = vendor.requests.map(({ path }) => path.split('?')[0]);
    expect(new Set(paths).size).toBeGreaterThanOrEqual(2);
    await chat.stop();
  });
});
