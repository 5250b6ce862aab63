/**
 * The independent witness: `node ledger-process.cjs FILE`. Plays the model's vendor and the outside world of the tools, and writes
 * down every call as it comes and goes, one JSON line each, before it answers. Knows nothing of Temporal or of Holdfast.
 *
 *   POST /model  { session, key, … }  one billed call; answered after `delayMs`
 *   POST /check  { idempotencyKey }  tells whether a call took effect; nothing is written down
 *   POST /tool   { session, key, idempotencyKey, effect, … }  `idempotent` takes effect once a key, `once` each time it comes
 */
const { closeSync, openSync, writeSync } = require('node:fs');
const { createServer } = require('node:http');

const file = openSync(process.argv[2], 'a');
const applied = new Set();
let count = 0;

function write(entry) {
  count += 1;
  writeSync(file, `${JSON.stringify({ n: count, at: Date.now(), ...entry })}\n`);
}

function takeEffect({ effect, idempotencyKey }, common) {
  if (effect === 'read') return;
  const known = applied.has(idempotencyKey);
  if (effect === 'idempotent' && known) return;
  applied.add(idempotencyKey);
  write({ phase: 'effect', ...common });
}

function answer(kind, call, response) {
  const { delayMs = 0, ...common } = { kind, ...call };
  write({ phase: 'begun', ...common });
  if (kind === 'tool') takeEffect(call, common);
  const { hashes: _long, ...brief } = common;
  let answered = false;
  response.on('finish', () => {
    answered = true;
    write({ phase: 'ended', ...brief });
  });
  response.on('close', () => {
    if (!answered) write({ phase: 'aborted', ...brief });
  });
  setTimeout(() => response.end('{}'), delayMs);
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/stop') {
      response.end('{}');
      server.close();
      server.closeAllConnections();
      closeSync(file);
      process.exit(0);
    }
    const call = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (request.url === '/check') response.end(JSON.stringify({ done: applied.has(call.idempotencyKey) }));
    else answer(request.url.slice(1), call, response);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
// The tests hold the other end: a ledger nobody listens to must not stay.
process.on('disconnect', () => process.exit(0));
