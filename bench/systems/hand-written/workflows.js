const { executeChild, proxyActivities } = require('@temporalio/workflow');

const { callModel, lookUp } = proxyActivities({ startToCloseTimeout: '1 minute' });

/** The smallest durable agent: two activities, the conversation as the model's input. */
exports.session = async function session({ model, instructions, prompt }) {
  const messages = [
    { role: 'system', content: instructions },
    { role: 'user', content: prompt },
  ];
  for (;;) {
    const reply = await callModel(model, messages);
    messages.push(reply);
    if (!reply.tool_calls) return reply.content;
    for (const call of reply.tool_calls) {
      messages.push({
        role: 'tool',
        tool_call_id: call.id,
        content: await lookUp(JSON.parse(call.function.arguments)),
      });
    }
  }
};

exports.fanOut = async function fanOut(count, input) {
  const answers = await Promise.all(Array.from({ length: count }, () => executeChild('session', { args: [input] })));
  return answers.length;
};
