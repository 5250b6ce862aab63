import { type ChatHandle, HoldfastClient, type SentMessage } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import type { Message } from '../../../protocol/messages';
import { AGENT } from './agents';
import { check, type Finding, type Verdict } from './checker';
import type { Cluster } from './cluster';
import { gather } from './evidence';
import { GUIDANCE, Operator, type OrderCounts } from './operator';

export interface ChatLane {
  messages: number;
  random: () => number;
  rolloverTurns?: number;
}

/** Asks until the server and a worker are there. */
export type Up = <T>(ask: () => Promise<T>) => Promise<T>;

export interface ChatVerdict extends Verdict {
  orders: OrderCounts;
}

/**
 * A chat under fire: every message is sent until it is taken, some are sent twice, and in between it is paused, resumed and
 * steered, each order given until it is answered. Nothing may be lost, doubled or out of order.
 */
export async function chatUnderFire(
  cluster: Cluster,
  session: string,
  queue: string,
  lane: ChatLane,
): Promise<ChatVerdict> {
  const { messages, random, rolloverTurns = 7 } = lane;
  const holdfast = new HoldfastClient(cluster.client, { taskQueue: queue, by: 'chaos' });
  const chat = holdfast.chat(AGENT, { id: session, rolloverTurns });
  const up: Up = (ask) => cluster.whenUp(ask);
  const operator = new Operator(chat, up, random);
  const findings: Finding[] = [];
  const said: string[] = [];
  const replies: Promise<void>[] = [];
  const send = async (text: string, id: string): Promise<SentMessage> => {
    const sent = await up(() => chat.send(text, { id }));
    if (random() < 0.3) {
      const again = await up(() => chat.send(text, { id }));
      if (again.exchange !== sent.exchange) findings.push({ session, what: 'recorded twice', detail: `message ${id}` });
    }
    said.push(text);
    return sent;
  };
  const heard = async (sent: SentMessage, text: string): Promise<void> => {
    const { output } = await up(() => sent.reply(AbortSignal.timeout(cluster.patienceMs)));
    if (!String(output).startsWith(`heard ${text} `)) {
      findings.push({ session, what: 'answer', detail: `${text} was answered ${JSON.stringify(output)}` });
    }
  };
  await send(JSON.stringify({ script: 'chat' }), 'm-0');
  for (let at = 1; at <= messages; at++) {
    const text = `m-${at}`;
    replies.push(heard(await send(text, text), text));
    if (random() < 0.3) await operator.meddle();
    if (random() < 0.5) await replies.at(-1);
  }
  await Promise.all(replies);
  await close(chat, up);
  const evidence = await gather(cluster, session, await cluster.result(session));
  const { actions } = await up(() => chat.state());
  const texts = userTexts(evidence.transcript);
  const guidance = texts.filter((text) => text.startsWith(GUIDANCE));
  for (const detail of operator.discrepancies(guidance, actions)) findings.push({ session, what: 'order', detail });
  const kept = texts.filter((text) => !text.startsWith(GUIDANCE));
  if (JSON.stringify(kept) !== JSON.stringify(said)) {
    findings.push({
      session,
      what: 'lost',
      detail: `said ${said.length} messages, kept ${kept.length}: ${kept.join(' ')}`,
    });
  }
  const verdict = check(evidence);
  return { ...verdict, findings: [...findings, ...verdict.findings], orders: operator.counts };
}

/** The answer may be lost and the chat over by the time it is asked again. */
function close(chat: ChatHandle, up: Up): Promise<void> {
  return up(() =>
    chat.close(undefined, { id: 'close' }).catch((error) => {
      if (!HoldfastError.is(error) || error.code !== 'Run.Ended') throw error;
    }),
  );
}

function userTexts(transcript: readonly Message[]): string[] {
  return transcript.flatMap((message) =>
    message.role === 'user' ? message.content.map((part) => (part.type === 'text' ? part.text : '')) : [],
  );
}
