import { SEARCH_ATTRIBUTE } from '../../protocol/names';

/**
 * What makes the embedded server fast. The stock development server has one history shard whose task queues are read at
 * most 20 times a second, SQLite with a rollback journal, four task-queue partitions for one process, and timers that may
 * be a second late, which every retry and every timeout waits for. Measured in `docs/embedded-temporal.md`; reproduced by
 * `scripts/bench-embedded.mjs`.
 */
export const TUNING = {
  shardPolling: [
    dynamic('history.transferProcessorMaxPollRPS', 2000),
    dynamic('history.transferProcessorMaxPollHostRPS', 5000),
    dynamic('system.enableActivityEagerExecution', true),
  ],
  writeAheadLog: ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
  onePartition: [dynamic('matching.numTaskqueueReadPartitions', 1), dynamic('matching.numTaskqueueWritePartitions', 1)],
  promptTimers: [
    dynamic('history.timerProcessorMaxTimeShift', '"10ms"'),
    dynamic('history.timerProcessorMaxPollRPS', 2000),
    dynamic('history.timerProcessorMaxPollHostRPS', 5000),
    dynamic('history.visibilityProcessorMaxPollRPS', 2000),
    dynamic('history.visibilityProcessorMaxPollHostRPS', 5000),
  ],
} as const;

export function tuningFlags(): string[] {
  return Object.values(TUNING).flat();
}

/** Names and types as the Temporal CLI spells them (`KeywordList`, not `KEYWORD_LIST`). */
export function searchAttributeFlags(): string[] {
  return Object.values(SEARCH_ATTRIBUTE).map(({ name, type }) => `--search-attribute=${name}=${cliType(type)}`);
}

export function cliType(type: string): string {
  return type
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}

function dynamic(key: string, value: number | boolean | string): string {
  return `--dynamic-config-value=${key}=${value}`;
}
