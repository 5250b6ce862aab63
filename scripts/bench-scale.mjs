/**
 * `npm run bench:scale [-- --only warm,closed,ladder,tasks,starts] [-- --minutes 10] [-- --quick]`: what the table of bars does not have: a session
 * that waits in a pool against one that is started, requests a minute with one and two workers, up to a thousand live chats on
 * one worker, what ten thousand tasks a second would take, and how long each process takes to start. Prints Markdown; close what else runs on the machine.
 */
import { parseArgs } from 'node:util';
import { openStand } from '../bench/stand/stand.mjs';
import { closedLoop } from './bench-scale/closed-loop.mjs';
import { ladder } from './bench-scale/ladder.mjs';
import { starts } from './bench-scale/starts.mjs';
import { tasks } from './bench-scale/tasks.mjs';
import { warmAndCold } from './bench-scale/warm.mjs';

const MEASURES = { warm: warmAndCold, closed: closedLoop, ladder, tasks, starts };
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    quick: { type: 'boolean', default: false },
  },
});
const only = values.only?.split(',') ?? Object.keys(MEASURES);
const settings = { quick: values.quick, minutes: values.quick ? 0.2 : Number(values.minutes) };

const stand = await openStand();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stand.close().then(() => process.exit(130)));
try {
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (!only.includes(name)) continue;
    const { title, head, rows } = await measure(stand, settings);
    await stand.stopWorkers();
    const line = (cells) => `| ${cells.join(' | ')} |`;
    console.log(['', `### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
  }
} finally {
  await stand.close();
}
process.exit(0);
