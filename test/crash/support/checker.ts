import type { Message } from '../../../protocol/messages';
import type { SessionResult } from '../../../protocol/session';
import type { SessionHistory } from './histories';
import type { LedgerEntry } from './ledger';

/** All that is known of one session, from three independent sides. */
export interface Evidence {
  session: string;
  /** Undefined when it did not end. */
  result: SessionResult | undefined;
  transcript: Message[];
  history: SessionHistory;
  ledger: LedgerEntry[];
}

/** What an undisturbed run of the same script came to. */
export type Expected = Pick<Evidence, 'result' | 'transcript'>;

export interface Finding {
  session: string;
  what:
    | 'lost'
    | 'started twice'
    | 'order'
    | 'repeated after it was recorded'
    | 'recorded twice'
    | 'never scheduled'
    | 'effects'
    | 'outcome'
    | 'answer'
    | 'prefix';
  detail: string;
}

export interface Verdict {
  findings: Finding[];
  /** Calls begun more often than once whose first result was not recorded: what a crash costs. */
  repeated: { model: number; tool: number };
  /** `once` calls reported as `outcome-unknown`. */
  unknown: number;
}

/** The ledger and the server read one machine's clock, to the millisecond; events are stamped when they are made. */
const CLOCK_SLACK_MS = 2;

export interface CheckOptions {
  /** Processes that were stopped and went on: what they still began is fenced by other means, see `checkOutcomes`. */
  zombies?: ReadonlySet<number>;
}

/** @param expected left out where there is no undisturbed run to compare with: chats. */
export function check(evidence: Evidence, expected?: Expected, options: CheckOptions = {}): Verdict {
  const { session, ledger, history, result } = evidence;
  const finding = (what: Finding['what'], detail: string): Finding => ({ session, what, detail });
  const findings = [
    ...checkRecorded(evidence, options.zombies ?? new Set(), finding),
    ...checkEffects(evidence, finding),
    ...checkPrefix(evidence, finding),
    ...(result ? [] : [finding('lost', 'it did not end')]),
    ...(result && expected ? checkAnswer(evidence, expected, finding) : []),
  ];
  const counts = countBegun(ledger);
  const repeated = (kind: LedgerEntry['kind']) =>
    [...counts.values()].reduce((sum, one) => sum + (one.kind === kind ? one.times - 1 : 0), 0);
  const unknown = evidence.transcript.filter(
    (message) => message.role === 'tool' && message.outcome === 'outcome-unknown',
  );
  void history;
  return { findings, repeated: { model: repeated('model'), tool: repeated('tool') }, unknown: unknown.length };
}

type Report = (what: Finding['what'], detail: string) => Finding;

function countBegun(ledger: LedgerEntry[]): Map<string, { kind: LedgerEntry['kind']; times: number }> {
  const counts = new Map<string, { kind: LedgerEntry['kind']; times: number }>();
  for (const { phase, kind, key } of ledger) {
    if (phase === 'begun') counts.set(key, { kind, times: (counts.get(key)?.times ?? 0) + 1 });
  }
  return counts;
}

/** No call begins after its result was recorded, none is recorded twice, none comes out of nowhere. */
function checkRecorded({ history, ledger }: Evidence, zombies: ReadonlySet<number>, report: Report): Finding[] {
  const findings: Finding[] = [];
  const recordedAt = new Map<string, number>();
  for (const { key, at } of history.recorded) {
    if (recordedAt.has(key)) findings.push(report('recorded twice', key));
    recordedAt.set(key, Math.min(at, recordedAt.get(key) ?? at));
  }
  for (const { phase, key, at, pid, attempt } of ledger) {
    if (phase !== 'begun') continue;
    if (!history.scheduled.has(key)) findings.push(report('never scheduled', key));
    const recorded = recordedAt.get(key);
    if (recorded === undefined || at <= recorded + CLOCK_SLACK_MS || zombies.has(pid)) continue;
    findings.push(
      report(
        'repeated after it was recorded',
        `${key}: attempt ${attempt} began ${at - recorded} ms after its result was in the history`,
      ),
    );
  }
  return findings;
}

/** Effects at the ledger, against what the run was told. */
function checkEffects({ ledger, transcript, history }: Evidence, report: Report): Finding[] {
  const calls = new Map<string, LedgerEntry>();
  for (const entry of ledger) if (entry.phase === 'begun' && entry.kind === 'tool') calls.set(entry.key, entry);
  const outcomes = outcomesOf(transcript);
  const recorded = new Set(history.recorded.map(({ key }) => key));
  const findings: Finding[] = [];
  for (const [key, { effect, name }] of calls) {
    if (effect === undefined || effect === 'read') continue;
    const effects = ledger.filter((entry) => entry.phase === 'effect' && entry.key === key).length;
    const outcome = outcomes.get(key.slice(key.indexOf(':') + 1)) ?? 'none';
    if (outcome === 'ok' && effects !== 1)
      findings.push(report('effects', `${name} ${key} is "ok" with ${effects} effects`));
    if (effects > 1) findings.push(report('effects', `${name} ${key} took effect ${effects} times`));
    const mayHaveHappened = effect === 'once' && !recorded.has(key);
    if (mayHaveHappened && outcome !== 'outcome-unknown') {
      findings.push(report('outcome', `${name} ${key} began, was not recorded, and is told as "${outcome}"`));
    }
    if (effect === 'once' && recorded.has(key) && outcome !== 'ok') {
      findings.push(report('outcome', `${name} ${key} was recorded, and is told as "${outcome}"`));
    }
  }
  return findings;
}

function outcomesOf(transcript: Message[]): Map<string, string> {
  const tools = transcript.flatMap((message) => (message.role === 'tool' ? [message] : []));
  return new Map(tools.map(({ callId, outcome }) => [callId, outcome]));
}

/** Request n, as the provider saw it, is a prefix of request n + 1; everything before the messages never changes. */
function checkPrefix({ ledger, history }: Evidence, report: Report): Finding[] {
  const taken = new Map(
    history.recorded.filter(({ kind }) => kind === 'model').map(({ key, attempt }) => [key, attempt]),
  );
  const requests = ledger.filter(
    ({ phase, kind, key, attempt, hashes }) =>
      phase === 'begun' && kind === 'model' && hashes && taken.get(key) === attempt,
  );
  return requests.slice(1).flatMap((request, index) => {
    const before = requests[index];
    if (request.preamble !== before?.preamble)
      return [report('prefix', `${request.key}: instructions or tools changed`)];
    const at = before?.hashes?.findIndex((hash, position) => request.hashes?.[position] !== hash) ?? -1;
    return at >= 0 ? [report('prefix', `${request.key}: message ${at} differs from the request before`)] : [];
  });
}

const UNCERTAIN = ['publish', 'deliver'];

/** The same answer and the same transcript, except that a `once` call may be unknown. */
function checkAnswer({ result, transcript }: Evidence, expected: Expected, report: Report): Finding[] {
  const told = { ...result, output: certain(result?.output) };
  const wanted = { ...expected.result, output: certain(expected.result?.output) };
  const findings: Finding[] = [];
  for (const name of ['output', 'stopReason', 'turns', 'toolCalls', 'length', 'agent', 'revision', 'model'] as const) {
    if (JSON.stringify(told[name]) === JSON.stringify(wanted[name])) continue;
    findings.push(report('answer', `${name}: ${brief(told[name])} instead of ${brief(wanted[name])}`));
  }
  const at = transcript.findIndex((message, index) => comparable(message) !== comparable(expected.transcript[index]));
  if (at >= 0 || transcript.length !== expected.transcript.length) {
    findings.push(report('answer', `the transcript differs at message ${at}: ${brief(transcript[at])}`));
  }
  return findings;
}

/** The scripts' answers end with what `once` calls came to. */
function certain(output: unknown): unknown {
  return typeof output === 'string' ? output.split(' | published: ', 1)[0] : output;
}

/** Without marks, which name one execution; of an uncertain call only that it was answered, of the answer what is certain. */
function comparable(message: Message | undefined): string {
  if (message === undefined || message.role === 'user') return JSON.stringify(message) ?? '';
  const { mark: _mark, ...rest } = message;
  if (rest.role === 'tool' && UNCERTAIN.includes(rest.name)) return `${rest.role} ${rest.callId} ${rest.name}`;
  if (rest.role === 'assistant') {
    const content = rest.content.map((part) => (part.type === 'text' ? { ...part, text: certain(part.text) } : part));
    return JSON.stringify({ ...rest, content });
  }
  return JSON.stringify(rest);
}

function brief(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300);
}
