const { Agent } = require('@openai/agents-core');
const { activityAsTool, TemporalOpenAIRunner } = require('@temporalio/openai-agents/workflow');

const MAX_TURNS = 1_000;

/** The quick start of its README, with an activity-backed tool. */
exports.session = async function session({ model, instructions, prompt, tool }) {
  const lookUp = activityAsTool(tool, { startToCloseTimeout: '1 minute' });
  const agent = new Agent({ name: 'Clerk', instructions, model, tools: [lookUp] });
  const { finalOutput } = await new TemporalOpenAIRunner().run(agent, prompt, { maxTurns: MAX_TURNS });
  return finalOutput ?? '';
};
