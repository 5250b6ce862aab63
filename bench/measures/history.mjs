import { modelFor } from '../task.mjs';

/** c. Bytes of history of one long session, as the server counts them. Exact: measured once. */
export async function history(stand, { quick }) {
  const turns = quick ? 40 : 200;
  const bytes = {};
  for (const name of ['holdfast', 'hand-written']) {
    const running = await stand.start(name, 'tuned');
    const id = `history-${name}`;
    const run = await running.driver.start(id, modelFor(turns));
    await run.result();
    const { historySize } = await running.driver.client.workflow.getHandle(id).describe();
    bytes[name] = historySize;
    await running.stop();
  }
  const ratio = bytes.holdfast / bytes['hand-written'];
  const mb = (value) => (value / 1e6).toFixed(2);
  return [
    {
      id: 'history-vs-hand',
      what: `history bytes, ${turns} turns × 2 kB results: Holdfast ÷ hand-written with the conversation as input`,
      unit: 'x',
      must: 1 / 40,
      aim: 1 / 60,
      measured: ratio,
      spread: [ratio, ratio],
      detail: `${mb(bytes.holdfast)} ÷ ${mb(bytes['hand-written'])} MB, both histories whole`,
    },
  ];
}
