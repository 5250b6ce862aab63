/** The smallest agent turn by hand: one activity that stands for the model's call and one for the tool's. */
const { executeChild, proxyActivities, proxyLocalActivities, sleep, workflowInfo } = require('@temporalio/workflow');

const options = { startToCloseTimeout: '1 minute' };
const full = proxyActivities(options);
const local = proxyLocalActivities(options);

/** `localCalls`: which of the two are local activities. */
exports.turns = async function turns(count, localCalls) {
  const callModel = (localCalls.includes('model') ? local : full).callModel;
  const callTool = (localCalls.includes('tool') ? local : full).callTool;
  for (let turn = 0; turn < count; turn += 1) {
    await callModel(turn);
    await callTool(turn);
  }
};

exports.oneCall = async function oneCall() {
  await full.callModel(0);
};

exports.children = async function children(count) {
  const ids = Array.from({ length: count }, (_, index) => `${workflowInfo().workflowId}/${index}`);
  await Promise.all(ids.map((workflowId) => executeChild(exports.oneCall, { workflowId })));
};

exports.timers = async function timers(count) {
  for (let index = 0; index < count; index += 1) await sleep(1);
};
