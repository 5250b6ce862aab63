import type { WaitsFor } from '../../../protocol/permissions/view';
import type { Context } from '../context';
import { escapeLine } from '../escape';
import { EXIT, type ExitCode } from '../exit-codes';
import { selfCommand } from '../self-command';
import { decideCommands } from './approval-text';

/** What a run waits for, and the commands that decide. */
export function waitingLines(context: Context, { id, title, tool }: WaitsFor): string[] {
  const { note } = context.out;
  const kind = tool === 'ask_human' ? 'question' : null;
  return [
    note.yellow(`? waits for people: ${escapeLine(title)}`),
    ...decideCommands(context, id, kind).map((line) => `    ${line}`),
  ];
}

/** Nobody is there to be asked: the run is left waiting, and the shell is told so. */
export function leftWaiting(
  context: Context,
  run: { id: string },
  waitsFor: readonly WaitsFor[],
  { stream, carriesOn }: { stream: boolean; carriesOn: boolean },
): ExitCode {
  const { out, env, placeFlags } = context;
  const document = { id: run.id, status: 'waiting', waitsFor };
  if (stream) out.jsonLine({ type: 'run-waiting', at: new Date().toISOString(), ...document });
  else out.data(document, () => `${escapeLine(run.id)} waits for an approval`);
  const self = selfCommand(env);
  if (!carriesOn) out.say(`  it goes on with   ${self} dev${placeFlags}`);
  out.say(`  come back with    ${self} runs watch ${run.id}${placeFlags}`);
  return EXIT.waitingForApproval;
}
