import fs from 'node:fs';
import { openStand } from './stand/stand.mjs';
import { modelFor } from './task.mjs';
const N = +(process.argv[2] ?? 120);
const stand = await openStand();
const cpu = (pid) => { const s = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '); return (+s[11] + +s[12]) * 10; };
const flood = async (running, id, n) => { let next = 0; const lane = async () => { while (next < n) { const run = await running.driver.start(`${id}-${next++}`, modelFor(2)); await run.result(); } }; await Promise.all(Array.from({ length: 50 }, lane)); };
const sys = {};
for (const which of ['holdfast', 'hand-written']) { sys[which] = await stand.start(which, 'tuned'); await flood(sys[which], 'warm' + which, 60); }
const server = fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p)).find((p) => { try { return fs.readFileSync(`/proc/${p}/cmdline`, 'utf8').includes('holdfast-bench-') && /temporal/.test(fs.readlinkSync(`/proc/${p}/exe`)); } catch { return false; } });
for (let r = 0; r < 5; r++) for (const which of ['holdfast', 'hand-written']) {
  const w = sys[which].pids()[0]; const c0 = [cpu(w), server ? cpu(server) : 0]; const t0 = performance.now();
  await flood(sys[which], `r${r}${which}`, N);
  const dt = performance.now() - t0;
  console.log(which.padEnd(13), (N * 1000 / dt).toFixed(1), 'per s; worker', ((cpu(w) - c0[0]) / N).toFixed(1), 'server', server ? ((cpu(server) - c0[1]) / N).toFixed(1) : '?');
}
await stand.close(); process.exit(0);
