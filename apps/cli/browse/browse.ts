import type { HoldfastClient, ListOptions } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import type { Output } from '../output';
import { runTable } from '../run-table';
import { Browser } from './browser';
import { listRuns, readSteps, runsPage, stepsPage } from './pages';
import { stepTable, stepText } from './step-text';
import { hasText, type RunStep } from './steps';
import { browseOn, type KeyInput } from './terminal';

export interface BrowseOptions extends ListOptions {
  find?: string;
  step?: number;
}

/** @throws HoldfastError `Run.Unknown`, `Input.Invalid`, `Server.*`. */
export async function browse(
  holdfast: HoldfastClient,
  out: Output,
  id: string | undefined,
  { find, step, ...list }: BrowseOptions,
  input: KeyInput = process.stdin,
): Promise<void> {
  if (step !== undefined && id === undefined)
    throw new HoldfastError('Input.Invalid', '--step needs the id of a run', {
      hint: 'holdfast runs browse ID --step 4',
    });
  const interactive = input.isTTY === true && out.stdout.isTTY === true && !out.json;
  if (interactive && find === undefined && step === undefined) {
    const first = id === undefined ? runsPage(holdfast, list) : stepsPage(holdfast, id);
    return browseOn(new Browser(await first), out.stdout, input, out.style);
  }
  if (id === undefined) return tellRuns(holdfast, out, list, find);
  const steps = await readSteps(holdfast, id);
  if (step !== undefined) return tellStep(steps, step, out);
  const found = find === undefined ? steps : steps.filter((one) => hasText(one, find));
  out.data(found, () => stepTable(found, out.style));
}

async function tellRuns(holdfast: HoldfastClient, out: Output, list: ListOptions, find = ''): Promise<void> {
  const runs = (await listRuns(holdfast, list)).filter(({ id, agent, status }) =>
    [id, agent, status].join('\n').toLowerCase().includes(find.toLowerCase()),
  );
  out.data(runs, () => runTable(runs, out.style));
}

function tellStep(steps: readonly RunStep[], number: number, out: Output): void {
  const step = steps[number - 1];
  if (!step) throw new HoldfastError('Input.Invalid', `the run has ${steps.length} steps, no step ${number}`);
  out.data(step, () => stepText(step, out.style));
}
