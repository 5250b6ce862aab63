/** What every system's worker process does: make its worker, run it, and tell the bench about itself. */
export const settings = JSON.parse(process.env.BENCH_SETTINGS);

/** @param answer answers the system's own questions. */
export async function serve(createWorker, answer = async () => ({ error: 'unknown question' })) {
  process.on('disconnect', () => process.exit());
  process.on('message', async (question) => {
    if (question.do === 'memory') process.send({ peakMb: process.resourceUsage().maxRSS / 1024 });
    else process.send(await answer(question).catch((error) => ({ error: String(error.stack) })));
  });
  const worker = await createWorker();
  const done = worker.run();
  process.send({ running: true });
  await done;
  process.disconnect();
}

/** Worker logs at warnings and worse, the same for all systems. */
export const LOG_LEVEL = 'WARN';
