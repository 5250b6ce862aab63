import type { Command } from 'commander';
import type { RunChange } from '../../../client';
import { collect, durationMs, positiveInteger, positiveNumber, variables, WHY } from '../flags';

interface ChangeFlags {
  model?: string;
  budget?: number;
  turns?: number;
  toolCalls?: number;
  tokens?: number;
  deadline?: number;
  priority?: number;
  breakBefore?: string[];
  /** False with `--no-breaks`. */
  breaks?: boolean;
  set?: Record<string, string>;
  unset?: string[];
  reason?: string;
}

export function registerRunsChange(runs: Command): void {
  runs
    .command('change')
    .description('change the model, limits, priority, breakpoints or variables of a run from its next call on')
    .argument('<id>')
    .option('--model <provider/model>', 'model of the next calls')
    .option('--budget <usd>', 'US dollars the run may cost in all', positiveNumber)
    .option('--turns <n>', 'model calls it may make', positiveInteger)
    .option('--tool-calls <n>', 'tool calls it may make', positiveInteger)
    .option('--tokens <n>', 'tokens it may use', positiveInteger)
    .option('--deadline <duration>', 'time it may take, counted from its start, e.g. 30m', durationMs)
    .option('--priority <1-5>', '1 is the most urgent', positiveInteger)
    .option(
      '--break-before <tool|turn>',
      'pause before this tool runs, or this turn; may be given several times',
      collect,
    )
    .option('--no-breaks', 'remove all breakpoints')
    .option('--set <name=value>', 'what stands for {{name}}; may be given several times', variables)
    .option('--unset <name>', 'take a variable away; may be given several times', collect)
    .option(...WHY)
    .action(async (id: string, flags: ChangeFlags, command: Command) => {
      const { control } = require('./runs-control') as typeof import('./runs-control');
      const change = changeOf(flags);
      if (Object.keys(change).length === 0) command.error('error: nothing to change; see --help for what can be');
      const what = Object.keys(change).join(', ');
      await control(
        command,
        id,
        (run) => run.change(change, flags.reason),
        { action: 'change', change },
        `${id}: ${what} changed`,
      );
    });
}

function changeOf(flags: ChangeFlags): RunChange {
  const { model, budget, turns, toolCalls, tokens, deadline, priority, breakBefore, breaks, set, unset = [] } = flags;
  const given = { costUsd: budget, turns, toolCalls, tokens, deadline };
  const limits = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    ...(model !== undefined && { model }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(priority !== undefined && { priority }),
    ...(breakBefore && { breakpoints: breakpointsOf(breakBefore) }),
    ...(breaks === false && { breakpoints: {} }),
    ...((set || unset.length > 0) && {
      variables: { ...set, ...Object.fromEntries(unset.map((name) => [name, null])) },
    }),
  };
}

/** A number is a turn, anything else a tool. */
export function breakpointsOf(given: readonly string[]): { turns: number[]; tools: string[] } {
  const isTurn = (text: string) => /^[1-9]\d*$/.test(text);
  return { turns: given.filter(isTurn).map(Number), tools: given.filter((text) => !isTurn(text)) };
}
