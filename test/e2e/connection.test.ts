import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTE } from '../../protocol/names';
import { openConnection, openNativeConnection } from '../../workers/connection';
import { type EmbeddedServer, startEmbeddedServer } from '../../workers/embedded/embedded-server';
import { freePort } from '../../workers/embedded/ports';
import { ensureSearchAttributes } from '../../workers/search-attributes';

let home: string;
let server: EmbeddedServer;

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'holdfast-connection-'));
  server = await startEmbeddedServer({ home, port: 0, uiPort: 0 });
});

afterAll(async () => {
  await server?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

describe.each([
  ['client', openConnection],
  ['worker', openNativeConnection],
])("a %s's connection", (_, open) => {
  test('opens on a namespace that exists', async () => {
    const connection = await open({ address: server.address, namespace: 'default' });
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    expect(serverVersion).toMatch(/^\d+\.\d+/);
    await connection.close();
  });

  test('names a namespace that does not', async () => {
    await expect(open({ address: server.address, namespace: 'nobody' })).rejects.toMatchObject({
      code: 'Server.NamespaceUnknown',
      message: expect.stringContaining('"nobody"'),
    });
  });

  test('names an address where nobody answers', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await expect(open({ address, namespace: 'default' })).rejects.toMatchObject({
      code: 'Server.Unreachable',
      message: expect.stringContaining(address),
    });
  });
});

test('a namespace without our search attributes gets them, and runs are found by them at once', async () => {
  const connection = await openConnection({ address: server.address, namespace: 'default' });
  await connection.workflowService.registerNamespace({
    namespace: 'bare',
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const added = await ensureSearchAttributes(connection, 'bare');
  expect(added).toHaveLength(Object.keys(SEARCH_ATTRIBUTE).length);

  const client = new Client({ connection, namespace: 'bare' });
  const agent = defineSearchAttributeKey(SEARCH_ATTRIBUTE.agent.name, SEARCH_ATTRIBUTE.agent.type);
  const typedSearchAttributes = new TypedSearchAttributes([{ key: agent, value: 'researcher' }]);
  await client.workflow.start('any', { workflowId: 'found', taskQueue: 'none', typedSearchAttributes });
  const found: string[] = [];
  for (let tries = 0; tries < 100 && found.length === 0; tries += 1) {
    for await (const run of client.workflow.list({ query: "HoldfastAgent = 'researcher'" })) found.push(run.workflowId);
  }
  expect(found).toEqual(['found']);
  await connection.close();
});
