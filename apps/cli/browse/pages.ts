import type { HoldfastClient, ListOptions, RunSummary } from '../../../client';
import { escapeLine } from '../escape';
import { runTable } from '../run-table';
import { styleFor } from '../style';
import type { Item, Page } from './browser';
import { stepTable, stepText } from './step-text';
import { type RunStep, stepsOf } from './steps';

const PLAIN = styleFor({});

export async function listRuns(holdfast: HoldfastClient, options: ListOptions): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  for await (const run of holdfast.list(options)) runs.push(run);
  return runs;
}

/** @throws HoldfastError `Run.Unknown`, `Server.*`. */
export async function readSteps(holdfast: HoldfastClient, id: string): Promise<RunStep[]> {
  const run = holdfast.get(id);
  // Who asks for a run that is not there is told so, not that it has no messages.
  await holdfast.describe(id);
  return stepsOf(await run.messages(), await run.figures());
}

export async function runsPage(holdfast: HoldfastClient, options: ListOptions): Promise<Page> {
  const runs = await listRuns(holdfast, options);
  return {
    title: 'runs',
    items: withLines(runs, runTable(runs, PLAIN), ({ id }) => ({ open: () => stepsPage(holdfast, id) })),
    reload: () => runsPage(holdfast, options),
  };
}

export async function stepsPage(holdfast: HoldfastClient, id: string): Promise<Page> {
  const steps = await readSteps(holdfast, id);
  return {
    title: escapeLine(id),
    items: withLines(steps, stepTable(steps, PLAIN), (step) => ({
      sought: `${step.text}\n${JSON.stringify(step.arguments) ?? ''}`,
      open: async () => stepPage(id, step),
    })),
    reload: () => stepsPage(holdfast, id),
  };
}

function stepPage(id: string, step: RunStep): Page {
  const lines = stepText(step, PLAIN).split('\n');
  return {
    title: `${escapeLine(id)} · step ${step.step}`,
    items: lines.map((line) => ({ line: line.replaceAll('\t', '  ') })),
  };
}

/** The lines of a table with what each of them opens; the head of the table is not one of them. */
function withLines<T>(values: readonly T[], text: string, rest: (value: T) => Omit<Item, 'line'>): Item[] {
  const lines = text.split('\n').slice(1);
  return values.map((value, at) => ({ line: lines[at] ?? '', ...rest(value) }));
}
