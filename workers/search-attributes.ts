import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionLike } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes';
import { HoldfastError } from '../protocol/failures';
import { SEARCH_ATTRIBUTE } from '../protocol/names';
import { cliType } from './embedded/tuning';

type Attribute = (typeof SEARCH_ATTRIBUTE)[keyof typeof SEARCH_ATTRIBUTE];

const ALL: readonly Attribute[] = Object.values(SEARCH_ATTRIBUTE);
const USABLE_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/**
 * Registers those of our search attributes that the namespace lacks, and waits until runs can be found by them.
 *
 * @param usableTimeoutMs how long that wait may take.
 * @returns the names it added; empty when nothing was missing.
 * @throws HoldfastError `Server.AttributesMissing` with the command to run when this user may not register them, when the
 * namespace has no room for more, or when one exists with another type.
 */
export async function ensureSearchAttributes(
  connection: ConnectionLike,
  namespace: string,
  usableTimeoutMs = USABLE_TIMEOUT_MS,
): Promise<string[]> {
  const present = await registered(connection, namespace);
  const clash = ALL.find(({ name, type }) => present.has(name) && present.get(name) !== indexedType(type));
  if (clash) throw wrongType(clash, namespace);
  const missing = ALL.filter(({ name }) => !present.has(name));
  if (missing.length === 0) return [];
  try {
    const searchAttributes = Object.fromEntries(missing.map(({ name, type }) => [name, indexedType(type)]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    await usable(connection, namespace, missing, usableTimeoutMs);
  } catch (cause) {
    throw attributesMissing(missing, namespace, cause);
  }
  return missing.map(({ name }) => name);
}

type IndexedType = NonNullable<ReturnType<typeof encodeSearchAttributeIndexedValueType>>;

function indexedType(type: Attribute['type']): IndexedType {
  const known = encodeSearchAttributeIndexedValueType(type);
  if (known === undefined) throw new Error(`Temporal knows no search attributes of type ${type}`);
  return known;
}

async function registered(connection: ConnectionLike, namespace: string): Promise<Map<string, IndexedType>> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return new Map(Object.entries(customAttributes ?? {}));
  } catch (cause) {
    throw attributesMissing(ALL, namespace, cause);
  }
}

/** The servers of a cluster learn of a new attribute one after the other, from their own caches. */
async function usable(
  connection: ConnectionLike,
  namespace: string,
  added: readonly Attribute[],
  timeoutMs: number,
): Promise<void> {
  const query = added.map(({ name }) => `${name} IS NULL`).join(' AND ');
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(POLL_MS);
  }
}

function attributesMissing(missing: readonly Attribute[], namespace: string, cause: unknown): HoldfastError {
  const names = missing.map(({ name }) => name).join(', ');
  const why = (cause as { details?: string }).details ?? (cause instanceof Error ? cause.message : String(cause));
  return new HoldfastError('Server.AttributesMissing', `cannot make sure of the search attributes ${names}: ${why}`, {
    hint: `Let an operator run: ${createCommand(missing, namespace)}`,
    details: { missing: missing.map(({ name }) => name) },
    cause,
  });
}

function wrongType({ name, type }: Attribute, namespace: string): HoldfastError {
  return new HoldfastError(
    'Server.AttributesMissing',
    `the search attribute ${name} exists, but not as ${cliType(type)}`,
    {
      hint: `Remove it first: temporal operator search-attribute remove --namespace ${namespace} --name ${name}`,
      details: { missing: [name] },
    },
  );
}

/** The command that registers them, for someone who may. */
export function createCommand(attributes: readonly Attribute[], namespace: string): string {
  const pairs = attributes.map(({ name, type }) => `--name ${name} --type ${cliType(type)}`).join(' ');
  return `temporal operator search-attribute create --namespace ${namespace} ${pairs}`;
}
