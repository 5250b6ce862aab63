import { SEARCH_ATTRIBUTE } from '../../../protocol/names';
import { cliType, searchAttributeFlags, tuningFlags } from '../../../workers/embedded/tuning';

test('every search attribute is registered under the name and type the CLI knows', () => {
  expect(searchAttributeFlags()).toHaveLength(Object.keys(SEARCH_ATTRIBUTE).length);
  expect(searchAttributeFlags()).toContain('--search-attribute=HoldfastAgent=Keyword');
  expect(searchAttributeFlags()).toContain('--search-attribute=HoldfastCostUsd=Double');
  expect(cliType('KEYWORD_LIST')).toBe('KeywordList');
});

test('tuning lifts the polling limit, writes ahead, uses one partition and does not shift timers', () => {
  const flags = tuningFlags().join(' ');
  expect(flags).toContain('history.transferProcessorMaxPollRPS=2000');
  expect(flags).toContain('--sqlite-pragma journal_mode=WAL');
  expect(flags).toContain('matching.numTaskqueueReadPartitions=1');
  expect(flags).toContain('history.timerProcessorMaxTimeShift="10ms"');
});
