const { parallel, runAgent } = require('../../../dist/workflows/public.js');

exports.fanOut = async function fanOut(count, model) {
  const one = () => runAgent('clerk', { input: 'How are the shelves?', model });
  const answers = await parallel(Array.from({ length: count }, () => one));
  return answers.length;
};
