import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../workers/config/load-config';
import { projectWorker } from '../../workers/project-worker';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('project-worker');

test('a worker that is started again while the project is broken goes on as it was; a first start is refused', async () => {
  const root = temporal.folder();
  const agent = path.join(root, 'agents', 'helper.yaml');
  mkdirSync(path.dirname(agent));
  writeFileSync(agent, 'instructions: One.');
  writeFileSync(path.join(root, 'holdfast.yaml'), `version: 1\nworker: { taskQueue: ${temporal.taskQueue} }\n`);
  const refused: unknown[] = [];
  const options = {
    root,
    home: path.join(root, 'home'),
    cluster: { address: process.env.HOLDFAST_TEST_ADDRESS ?? '', namespace: temporal.namespace },
    readConfig: () => loadConfig({ root, env: {} }),
    env: {},
    graceMs: 1_000,
    reload: { onReloaded: () => undefined, onRefused: (_files: string[], error: unknown) => void refused.push(error) },
  };
  const startable = projectWorker(options);
  await (await startable.start(undefined)).stop();

  writeFileSync(agent, 'instructions: [');
  const again = await startable.start(undefined);
  try {
    expect(refused).toEqual([expect.objectContaining({ code: 'Agent.Invalid' })]);
    const run = await temporal.holdfast.start('helper', { input: 'What is 2+3?', id: `again-${temporal.taskQueue}` });
    await expect(run.result()).resolves.toMatchObject({ stopReason: 'completed' });
  } finally {
    await again.stop();
  }
  await expect(projectWorker(options).start(undefined)).rejects.toMatchObject({ code: 'Agent.Invalid' });
});
