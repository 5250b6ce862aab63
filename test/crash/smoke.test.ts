import { Cluster } from './support/cluster';
import { readHistory } from './support/histories';
import { survivors } from './support/processes';
import { readCrossings } from './support/worker-handle';

let cluster: Cluster;
beforeAll(async () => { cluster = await Cluster.start(); });
afterAll(async () => { await cluster?.stop(); expect(await survivors()).toEqual([]); });

test('smoke', async () => {
  const settings = cluster.settings('q');
  const t0 = Date.now();
  await cluster.worker(settings);
  const t1 = Date.now();
  await cluster.startSession('calm', 'q', { script: 'standard' }, { rolloverTurns: 3 });
  const result = await cluster.result('calm');
  const t2 = Date.now();
  console.log(t1 - t0, t2 - t1, result);
  const history = await readHistory(cluster.client, 'calm');
  console.log(history.runs, history.scheduled, history.recorded, history.events.length);
  console.log(readCrossings(settings.crossings).map((c) => c.key).join('\n'));
  const transcript = await cluster.transcript('calm');
  console.log(JSON.stringify(transcript).slice(0, 3000));
  console.log(cluster.ledger.entries().map((e) => JSON.stringify(e)).join('\n').slice(0, 3000));
}, 120000);
