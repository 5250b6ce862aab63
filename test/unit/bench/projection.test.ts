import path from 'node:path';
import { pathToFileURL } from 'node:url';

type Task = { workerMs: number; serverMs: number; transitions: number };
type Cluster = { workerCores: number; serverCores: number; shards: number };
let project: (task: Task, at: { perSecond: number; writeMs?: number }) => Cluster;
beforeAll(async () => {
  const file = path.join(__dirname, '../../../scripts/bench-scale/projection.mjs');
  ({ project } = await import(pathToFileURL(file).href));
});

const task = { workerMs: 7, serverMs: 14, transitions: 5 };

test('cores are processor seconds a second, over how busy they may be; shards are writes one after the other', () => {
  expect(project(task, { perSecond: 1_000 })).toEqual({ workerCores: 10, serverCores: 20, shards: 15 });
});

test('ten times the rate takes ten times as much, a slower disk more shards', () => {
  const ten = project(task, { perSecond: 10_000 });
  expect(ten).toEqual({ workerCores: 100, serverCores: 200, shards: 143 });
  expect(project(task, { perSecond: 10_000, writeMs: 4 })).toEqual({ ...ten, shards: 286 });
});
