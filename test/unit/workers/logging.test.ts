import { logFormat, logLine } from '../../../apps/cli/log-line';
import { styleFor } from '../../../apps/cli/style';
import { LevelRules } from '../../../workers/log-levels';
import { createLogging, type LogRecord } from '../../../workers/logging';
import { captureOutput } from '../../fixtures/sink';

function capture(levels?: string, env: NodeJS.ProcessEnv = {}) {
  const lines: LogRecord[] = [];
  const logging = createLogging({ levels, env, write: (text) => lines.push(JSON.parse(text) as LogRecord) });
  return { ...logging, lines };
}

describe('levels', () => {
  test('one for all, others for single modules', () => {
    const rules = new LevelRules(' info , core=warn,activity=debug');
    expect(rules.allow('worker', 'info')).toBe(true);
    expect(rules.allow('worker', 'debug')).toBe(false);
    expect(rules.allow('core', 'info')).toBe(false);
    expect(rules.allow('core', 'warn')).toBe(true);
    expect(rules.allow('activity', 'debug')).toBe(true);
  });

  test('those of one agent come before those of the module', () => {
    const rules = new LevelRules('info,activity=warn,agent:writer=debug,agent:loud=silent');
    expect(rules.allow('activity', 'debug', 'writer')).toBe(true);
    expect(rules.allow('activity', 'info', 'reader')).toBe(false);
    expect(rules.allow('activity', 'error', 'loud')).toBe(false);
    expect(rules.allow('worker', 'info', undefined)).toBe(true);
  });

  test('silent is silent', () => {
    expect(new LevelRules('silent').allow('worker', 'error')).toBe(false);
  });

  test('debug can be switched on and off while it runs', () => {
    const rules = new LevelRules('error,core=silent');
    expect(rules.toggleDebug()).toBe(true);
    expect([rules.allow('core', 'debug'), rules.allow('x', 'trace')]).toEqual([true, false]);
    expect(rules.toggleDebug()).toBe(false);
    expect(rules.allow('core', 'error')).toBe(false);
  });

  test.each(['loud', 'info,core=loud', ''])('%j is refused', (text) => {
    expect(() => new LevelRules(text)).toThrow(expect.objectContaining({ code: 'Config.Invalid' }));
  });

  test('come from HOLDFAST_LOG unless given', () => {
    expect(capture(undefined, { HOLDFAST_LOG: 'error' }).levels.allow('x', 'warn')).toBe(false);
    expect(capture('debug', { HOLDFAST_LOG: 'error' }).levels.allow('x', 'debug')).toBe(true);
    expect(capture(undefined, {}).levels.allow('x', 'info')).toBe(true);
  });
});

describe('a line', () => {
  test('of Temporal’s SDK carries the ids of its run, and its own time', () => {
    const { temporal, lines } = capture('debug');
    const nanos = 1_700_000_000_123_000_000n;
    temporal.info('Activity started', {
      [Symbol.for('log_timestamp')]: nanos,
      sdkComponent: 'activity',
      workflowId: 'root/child/2',
      workflowRunId: 'run',
      taskToken: 'AAAA',
      agent: 'writer',
      turn: 3,
    });
    expect(lines).toEqual([
      {
        level: 'info',
        time: '2023-11-14T22:13:20.123Z',
        module: 'activity',
        correlationId: 'root',
        workflowId: 'root/child/2',
        runId: 'run',
        agent: 'writer',
        turn: 3,
        msg: 'Activity started',
      },
    ]);
  });

  test('of its core does so too, which spells them differently', () => {
    const { temporal, lines } = capture('debug');
    temporal.warn('Evicted', { sdkComponent: 'core', workflow_id: 'a/b', run_id: 'r' });
    expect(lines[0]).toMatchObject({
      level: 'warn',
      module: 'core',
      correlationId: 'a',
      workflowId: 'a/b',
      runId: 'r',
    });
  });

  test('of nobody’s run carries no id', () => {
    const { temporal, lines } = capture('trace');
    temporal.trace('x');
    temporal.debug('y');
    temporal.error('z', { error: new TypeError('broken') });
    temporal.log('INFO', 'w');
    expect(lines.map(({ level }) => level)).toEqual(['trace', 'debug', 'error', 'info']);
    expect(lines[0]).not.toHaveProperty('correlationId');
    expect(lines[2]).toMatchObject({ error: { type: 'TypeError', message: 'broken' } });
  });

  test('is left out by its module’s level', () => {
    const { temporal, logger, lines } = capture('warn,activity=info,holdfast=error');
    temporal.info('no', { sdkComponent: 'worker' });
    temporal.info('yes', { sdkComponent: 'activity' });
    logger.warn('no');
    logger.error('yes');
    expect(lines.map(({ msg }) => msg)).toEqual(['yes', 'yes']);
  });

  test('of ours has a time', () => {
    const { logger, lines } = capture('info');
    logger.info({ a: 1 }, 'hello');
    expect(lines).toEqual([{ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), a: 1, msg: 'hello' }]);
  });
});

test('a signal switches debug lines on and off', () => {
  const { temporal, lines, toggleOn } = capture('info');
  const stop = toggleOn('SIGUSR2');
  temporal.debug('hidden');
  process.emit('SIGUSR2', 'SIGUSR2');
  temporal.debug('shown');
  process.emit('SIGUSR2', 'SIGUSR2');
  temporal.debug('hidden');
  stop();
  expect(lines.map(({ msg }) => msg)).toEqual(['debug lines are on', 'shown', 'debug lines are off']);
  expect(process.listenerCount('SIGUSR2')).toBe(0);
});

describe('for people', () => {
  const plain = styleFor({ isTTY: false });
  const record: LogRecord = {
    level: 'warn',
    time: '2026-11-21T09:05:07.123Z',
    msg: 'Activity failed',
    module: 'worker',
  };

  test('a line is short and escaped', () => {
    const line = logLine(
      { ...record, correlationId: 'a', turn: 3, costUsd: 5, tool: 't\u001b', error: { message: 'no\u0007' } },
      plain,
    );
    expect(line).toBe('09:05:07 warn  Activity failed · no\\x07 correlationId=a turn=3 tool=t\\x1b');
    expect(logLine({ ...record, level: 'error' }, plain)).toBe('09:05:07 error Activity failed');
  });

  test('on a terminal only', () => {
    expect(logFormat(captureOutput({}, true).out)?.(record)).toContain('Activity failed');
    expect(logFormat(captureOutput({}, false).out)).toBeUndefined();
    expect(logFormat(captureOutput({ json: true }, true).out)).toBeUndefined();
  });

  test('lines are written as the format says', () => {
    let written = '';
    const { logger } = createLogging({
      levels: 'info',
      format: ({ msg }) => `<${msg}>`,
      write: (text) => (written += text),
    });
    logger.info('a');
    logger.info('b');
    expect(written).toBe('<a>\n<b>\n');
  });
});
