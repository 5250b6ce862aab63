/** The model provider of all systems: Holdfast's wire-compatible vendor server in a process of its own, latency 0. */
import { startVendorServer } from '../../dist/testing/index.js';
import { TOOL } from '../task.mjs';

const HANG_MS = 600_000;
let log = [];
let hung = false;

function now() {
  return performance.timeOrigin + performance.now();
}

function call(shelf) {
  return { toolCalls: [{ name: TOOL, arguments: { shelf: `${shelf}` } }] };
}

function answer(request) {
  log.push(now());
  const order = request.model.replace('bench-', '');
  if (order === 'endless') return call(request.index);
  if (order === 'hang') {
    if (hung) return { text: 'Taken over.' };
    hung = true;
    return { text: 'Too late.', latencyMs: HANG_MS };
  }
  return request.turn < Number(order) ? call(request.turn) : { text: 'The shelves are full of pears.' };
}

const server = await startVendorServer({ script: answer, logBodies: false });
process.on('message', (question) => {
  if (question === 'take') {
    process.send({ times: log });
    log = [];
  } else if (question === 'look') process.send({ times: log });
  else if (question === 'rearm') {
    hung = false;
    process.send({ times: [] });
  }
});
process.on('disconnect', () => process.exit());
process.send({ url: server.openaiURL });
