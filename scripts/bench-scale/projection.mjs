/**
 * What a rate of tasks would take, from what one task took here. A model, not a measurement: processors are busy for `busy` of the time, work
 * is spread evenly, and a shard of the server's history writes one state transition after the other, each in `writeMs`.
 * Shards write one at a time by default (`history.shardIOConcurrency` 1, Temporal server 1.29).
 * @param task what one task takes: milliseconds of processor time of worker and server, and state transitions.
 * @returns whole processor cores and history shards.
 */
export function project({ workerMs, serverMs, transitions }, { perSecond, busy = 0.7, writeMs = 2 }) {
  const needed = (msPerTask) => Math.ceil((perSecond * msPerTask) / 1_000 / busy);
  return {
    workerCores: needed(workerMs),
    serverCores: needed(serverMs),
    shards: needed(transitions * writeMs),
  };
}
