import type { Reply, SentMessage } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import { waitingLines } from '../approvals/waiting';
import { escapeText, safeJson } from '../escape';
import { followRun } from '../follow/follow-run';

import type { Progress } from '../follow/progress';
import { linesOf } from '../follow/progress-lines';
import { runView } from '../follow/run-view';
import { StatusLine } from '../follow/status-line';
import { liveText } from '../follow-to-end';
import { lostText } from '../lost-connection';
import { reportError } from '../report-error';
import { type ChatPlace, slashCommand } from './slash-commands';

/** What whoever wrote the message knows already. */
const KNOWN: ReadonlySet<Progress['type']> = new Set(['first-call', 'agent-pinned', 'user-said']);

/** Sends a message, shows what the agent does about it, and prints the answer. */
export async function exchange(place: ChatPlace, text: string): Promise<void> {
  const { context, chat, lines } = place;
  const { out } = context;
  const sent = await chat.send(text);
  lines.busy(
    (line) => void slashCommand(place, line).catch((error) => reportError(error, out)),
    () => void chat.interrupt('Ctrl-C').catch(ignoreTooLate),
  );
  try {
    const reply = await followed(place, sent);
    if (out.json)
      out.jsonLine({ type: 'reply', chat: chat.id, exchange: sent.exchange, id: sent.id, ...shownReply(reply) });
    else out.data(null, () => replyText(reply));
  } finally {
    lines.idle();
  }
}

function shownReply({ output, stopReason, detail }: Reply) {
  return { output, stopReason, ...(detail !== undefined && { detail }) };
}

function replyText({ output, stopReason, detail }: Reply): string {
  const answer = typeof output === 'string' ? escapeText(output) : output === null ? '' : safeJson(output, 2);
  if (stopReason === 'completed') return answer;
  return [answer, `(${stopReason}${detail ? `: ${escapeText(detail)}` : ''})`].filter((part) => part !== '').join('\n');
}

/** What the agent does meanwhile, until the answer is there. */
async function followed({ context, carrier, chat }: ChatPlace, sent: SentMessage): Promise<Reply> {
  const { out } = context;
  const over = new AbortController();
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  const reply = sent.reply().finally(() => over.abort());
  reply.catch(() => undefined);
  const line = new StatusLine(out, elapsed);
  const onLost = (): void => out.say(lostText(context, carrier));
  const view = runView(carrier, chat.id, { signal: over.signal, onLost });
  const live = out.live ? await liveText(context, carrier, chat.id) : undefined;
  try {
    const from = (await chat.exchange(sent.exchange))?.from;
    if (from !== undefined) {
      const following = { signal: over.signal, from: from + 1, ended: reply, ...(live && { live }) };
      for await (const progress of followRun(view, following)) {
        if (progress.type === 'status') line.update(progress);
        if (progress.type === 'text-delta' || progress.type === 'text-dropped' || progress.type === 'turn-finished') {
          line.say(progress);
        }
        if (progress.type === 'approval-asked') line.print(waitingLines(context, progress));
        else if (!KNOWN.has(progress.type)) line.print(linesOf(progress, out.note, elapsed()));
      }
    }
  } finally {
    line.close();
    await live?.close();
  }
  return reply;
}

/** The answer came while the key was pressed. */
function ignoreTooLate(error: unknown): void {
  if (!HoldfastError.is(error) || (error.code !== 'Control.Illegal' && error.code !== 'Run.Ended')) throw error;
}
