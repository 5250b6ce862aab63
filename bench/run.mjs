/**
 * `npm run bench [-- --only turns,children] [-- --quick]`: measures the bars of the design side by side and prints them. A
 * full run also writes docs/performance.json and the table in docs/performance.md.
 */
import { parseArgs } from 'node:util';
import { MEASURES } from './measures/index.mjs';
import { conditionsOf, printRow, writeReport } from './report.mjs';
import { openStand } from './stand/stand.mjs';

const NAMES = Object.keys(MEASURES);
const MEASURE_LIMIT_MS = 360_000;

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const only = values.only?.split(',') ?? NAMES;
const unknown = only.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`no such measurement: ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
  process.exit(2);
}

const stand = await openStand();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stand.close().then(() => process.exit(130)));

const rows = [];
const failures = [];
const started = Date.now();
try {
  for (const name of NAMES.filter((known) => only.includes(known))) await measure(name);
  const conditions = await conditionsOf(stand, { quick: values.quick, seconds: (Date.now() - started) / 1_000 });
  console.log(`\n${conditions.text}`);
  if (!values.quick && !values.only && failures.length === 0) await writeReport(rows, conditions);
  else console.log('Nothing is written: only a whole run, not quick and without failures, goes to docs/.');
} finally {
  await stand.close();
}
process.exit(failures.length === 0 ? 0 : 1);

async function measure(name) {
  const from = Date.now();
  try {
    const found = await within(MEASURE_LIMIT_MS, MEASURES[name](stand, { quick: values.quick }));
    console.log(`${name} (${((Date.now() - from) / 1_000).toFixed(0)} s)`);
    for (const row of found) printRow(row);
    rows.push(...found);
  } catch (error) {
    failures.push(name);
    console.error(`${name} FAILED: ${error.stack}`);
  } finally {
    await stand.stopWorkers();
  }
}

async function within(ms, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${ms / 1_000} s`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
