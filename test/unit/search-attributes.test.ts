import type { ConnectionLike } from '@temporalio/client';
import { SEARCH_ATTRIBUTE } from '../../protocol/names';
import { ensureSearchAttributes } from '../../workers/search-attributes';

/** Temporal's numbers of the types. */
const INDEXED = { KEYWORD: 2, DOUBLE: 4, KEYWORD_LIST: 7 } as const;
const ALL = Object.fromEntries(Object.values(SEARCH_ATTRIBUTE).map(({ name, type }) => [name, INDEXED[type]]));
const COUNT = Object.keys(ALL).length;

/** As much of a connection as is used, answering from functions of the test's. */
function connection(
  list: () => Promise<unknown>,
  add: (request: { searchAttributes?: Record<string, number> }) => Promise<unknown> = async () => ({}),
  count: () => Promise<unknown> = async () => ({}),
): ConnectionLike {
  const services = {
    operatorService: { listSearchAttributes: list, addSearchAttributes: add },
    workflowService: { countWorkflowExecutions: count },
  };
  return services as unknown as ConnectionLike;
}

test('adds nothing where all is there', async () => {
  const add = jest.fn();
  await expect(
    ensureSearchAttributes(
      connection(async () => ({ customAttributes: ALL }), add),
      'team',
    ),
  ).resolves.toEqual([]);
  expect(add).not.toHaveBeenCalled();
});

test('adds what is missing and waits until it can be asked for', async () => {
  const { HoldfastCostUsd, ...rest } = ALL;
  const add = jest.fn().mockResolvedValue({});
  const count = jest.fn().mockRejectedValueOnce(new Error('no such attribute')).mockResolvedValue({});
  const open = connection(async () => ({ customAttributes: rest }), add, count);
  await expect(ensureSearchAttributes(open, 'team')).resolves.toEqual(['HoldfastCostUsd']);
  expect(add).toHaveBeenCalledWith({ namespace: 'team', searchAttributes: { HoldfastCostUsd } });
  expect(count).toHaveBeenCalledTimes(2);
  expect(count).toHaveBeenCalledWith({ namespace: 'team', query: 'HoldfastCostUsd IS NULL' });
});

test('gives the command when it may not add', async () => {
  const { HoldfastAgent: _, HoldfastCostUsd: __, ...rest } = ALL;
  const denied = () => Promise.reject(Object.assign(new Error('7 PERMISSION_DENIED'), { details: 'unauthorized' }));
  await expect(
    ensureSearchAttributes(
      connection(async () => ({ customAttributes: rest }), denied),
      'team',
    ),
  ).rejects.toMatchObject({
    code: 'Server.AttributesMissing',
    message: expect.stringContaining('unauthorized'),
    hint: expect.stringContaining(
      'temporal operator search-attribute create --namespace team --name HoldfastAgent --type Keyword --name HoldfastCostUsd --type Double',
    ),
    details: { missing: ['HoldfastAgent', 'HoldfastCostUsd'] },
  });
});

test('gives the whole command when it may not even look', async () => {
  const refused = await ensureSearchAttributes(
    connection(() => Promise.reject('no')),
    'team',
  ).catch((error) => error);
  expect(refused).toMatchObject({ code: 'Server.AttributesMissing', message: expect.stringContaining('no') });
  expect(refused.hint.match(/--name Holdfast/g)).toHaveLength(COUNT);
});

test('a server without any answers nothing, and all are added', async () => {
  await expect(
    ensureSearchAttributes(
      connection(async () => ({})),
      'team',
    ),
  ).resolves.toHaveLength(COUNT);
});

test('refuses one that exists with another type', async () => {
  const list = async () => ({ customAttributes: { ...ALL, HoldfastAgent: INDEXED.DOUBLE } });
  await expect(ensureSearchAttributes(connection(list), 'team')).rejects.toMatchObject({
    code: 'Server.AttributesMissing',
    message: expect.stringContaining('HoldfastAgent exists, but not as Keyword'),
  });
});

test('gives up waiting for it to be usable', async () => {
  const late = () => Promise.reject(new Error('not yet'));
  await expect(
    ensureSearchAttributes(
      connection(async () => ({}), undefined, late),
      'team',
      150,
    ),
  ).rejects.toMatchObject({
    code: 'Server.AttributesMissing',
    message: expect.stringContaining('not yet'),
  });
});
