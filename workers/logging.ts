import type { LogMetadata, LogLevel as TemporalLevel, Logger as TemporalLogger } from '@temporalio/common';
import pino from 'pino';
import { rootIdOf } from '../protocol/names';
import { LevelRules, type LogLevel } from './log-levels';

/** A line of the log as data; what it is about is in the further fields. */
export interface LogRecord extends Record<string, unknown> {
  level: LogLevel;
  /** ISO 8601. */
  time: string;
  msg: string;
}

export interface LoggingOptions {
  /** `info`, or with exceptions by module and agent: `info,core=warn,agent:writer=debug`. Default: `HOLDFAST_LOG`, else `info`. */
  levels?: string | undefined;
  /** How a line is written. Default: JSON, one object a line. */
  format?: (record: LogRecord) => string;
  /** Default: standard error; standard output is for data. */
  write?: (text: string) => void;
  /** Gets every line too, always as JSON. */
  file?: { write(text: string): void };
  env?: NodeJS.ProcessEnv;
}

/** The one logger of a process: ours, the Temporal SDK's and its core's lines go through it. */
export interface Logging {
  readonly logger: pino.Logger;
  /** The same as Temporal wants it. */
  readonly temporal: TemporalLogger;
  readonly levels: LevelRules;
  /** Lets a signal switch debug lines on and off; returns how to stop listening. */
  toggleOn(signal: NodeJS.Signals): () => void;
}

const OUR_LEVEL: Record<TemporalLevel, LogLevel> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** @throws HoldfastError `Config.Invalid` for levels that are none. */
export function createLogging(options: LoggingOptions = {}): Logging {
  const env = options.env ?? process.env;
  const levels = new LevelRules(options.levels ?? (env.HOLDFAST_LOG || 'info'));
  const write = options.write ?? ((text) => void process.stderr.write(text));
  const { format, file } = options;
  const stream = {
    write(line: string) {
      write(format ? `${format(JSON.parse(line) as LogRecord)}\n` : line);
      file?.write(line);
    },
  };
  const logger = pino(
    {
      // The rules decide, so that they can change while the process runs.
      level: 'trace',
      base: null,
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ time: new Date().toISOString() }),
      serializers: { error: pino.stdSerializers.err },
      hooks: {
        logMethod(args, method, level) {
          if (levels.allow('holdfast', pino.levels.labels[level] as LogLevel) || isForwarded(args[0])) {
            method.apply(this, args);
          }
        },
      },
    },
    stream,
  );
  return { logger, temporal: temporalLogger(logger, levels), levels, toggleOn };

  function toggleOn(signal: NodeJS.Signals): () => void {
    const toggle = (): void => {
      const debug = levels.toggleDebug();
      logger.warn({ signal }, `debug lines are ${debug ? 'on' : 'off'}`);
    };
    process.on(signal, toggle);
    return () => void process.off(signal, toggle);
  }
}

/**
 * Makes Temporal's SDK and core log through it. Before the first connection or worker of the process; signals are left to
 * the caller, who stops server and worker in order.
 */
export function installLogging({ temporal, levels }: Logging): void {
  const core = levels.allow('core', 'debug') ? 'DEBUG' : 'INFO';
  // Loaded here: the first lines of a log are written while the worker's code is not there yet.
  const { Runtime } = require('@temporalio/worker') as typeof import('@temporalio/worker');
  Runtime.install({
    logger: temporal,
    telemetryOptions: { logging: { filter: { core, other: 'WARN' }, forward: {} } },
    shutdownSignals: [],
  });
}

/** Under this key the SDK keeps when a line was written: nanoseconds since epoch. */
const LOG_TIMESTAMP = Symbol.for('log_timestamp');

/** Marks lines whose level has been checked by their own module's rule. */
const FORWARDED = Symbol('forwarded');

function isForwarded(first: unknown): boolean {
  return typeof first === 'object' && first !== null && FORWARDED in first;
}

function temporalLogger(logger: pino.Logger, levels: LevelRules): TemporalLogger {
  const log = (level: TemporalLevel, message: string, meta: LogMetadata = {}): void => {
    const { sdkComponent = 'worker', ...fields } = meta;
    if (!levels.allow(String(sdkComponent), OUR_LEVEL[level], fields.agent)) return;
    logger[OUR_LEVEL[level]]({ ...recordOf(String(sdkComponent), fields), [FORWARDED]: true }, message);
  };
  const at = (level: TemporalLevel) => (message: string, meta?: LogMetadata) => log(level, message, meta);
  return { log, trace: at('TRACE'), debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}

/** One id finds all lines of a run and of its children, whoever wrote them: the core spells its fields differently. */
function recordOf(module: string, meta: LogMetadata): Record<string, unknown> {
  const { workflow_id, run_id, workflowRunId, taskToken: _bytes, ...fields } = meta;
  const workflowId = fields.workflowId ?? workflow_id;
  const runId = fields.runId ?? workflowRunId ?? run_id;
  const nanos = meta[LOG_TIMESTAMP];
  return {
    ...(typeof nanos === 'bigint' && { time: new Date(Number(nanos / 1_000_000n)).toISOString() }),
    module,
    ...(workflowId !== undefined && { correlationId: rootIdOf(String(workflowId)), workflowId }),
    ...(runId !== undefined && { runId }),
    ...fields,
  };
}
