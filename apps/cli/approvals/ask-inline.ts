import { createInterface } from 'node:readline/promises';
import type { HoldfastClient } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import type { WaitsFor } from '../../../protocol/permissions/view';
import type { Context } from '../context';
import { reportError } from '../report-error';
import { approvalText } from './approval-text';

const LOOK_MS = 1_000;

/**
 * Asks whoever sits at the terminal. An empty line and Ctrl-D leave it open for others; so does its being decided elsewhere.
 * @param left ends the asking, e.g. at Ctrl-C.
 */
export async function askInline(
  { out }: Context,
  { approvals }: HoldfastClient,
  { id }: WaitsFor,
  left: AbortSignal,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<void> {
  const view = await approvals.get(id);
  if (view.outcome) return;
  const { request } = view;
  const question = request.kind === 'question' || request.kind === 'effect';
  out.say(approvalText(id, view, out.note));
  const elsewhere = new AbortController();
  const look = setInterval(() => {
    approvals.get(id).then(({ outcome }) => outcome && elsewhere.abort(), ignore);
  }, LOOK_MS);
  const reader = createInterface({ input: stdin, output: process.stderr });
  reader.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'));
  // Ctrl-D says nothing; a question that is asked would wait for its answer without end.
  reader.once('close', () => elsewhere.abort());
  try {
    const prompt = question
      ? 'answer (empty: later)> '
      : 'approve? [y]es, [n]o, [r]emember for this run, empty: later> ';
    const line = await reader.question(prompt, { signal: AbortSignal.any([left, elsewhere.signal]) });
    const { digest } = request;
    const said = line.trim();
    if (said === '') return;
    if (question) await approvals.answer(id, said, { digest });
    else if (/^y(es)?$/i.test(said)) await approvals.approve(id, { digest });
    else if (/^r(emember)?$/i.test(said)) await approvals.approve(id, { digest, remember: 'run' });
    else await approvals.deny(id, { digest, ...(!/^no?$/i.test(said) && { reason: said }) });
  } catch (error) {
    if (HoldfastError.is(error)) reportError(error, out);
    else if (!elsewhere.signal.aborted && !left.aborted) throw error;
  } finally {
    clearInterval(look);
    reader.close();
  }
}

function ignore(): void {
  // A server that does not answer now is asked again.
}
