import { argumentsFor } from './instance';
import { sourcesOf } from './recognise';
import {
  isRecord,
  jsonOf,
  labelled,
  type Outcome,
  oneLine,
  type Rule,
  type Situation,
  type Step,
  shortReason,
} from './rule';

/** Tools every worker has: they have rules of their own. */
const BUILT_IN = /^(?:files_\w+|clock_\w+|calculator|todo|artifact_read)$/;
const MAX_TOOLS = 20;
const MAX_RESULT = 300;

interface State {
  /** Names of the tools still to call, in the order the task names them. */
  ahead: string[];
  /** What came of those called: the JSON they answered, for the arguments of later ones, and a line for the answer. */
  values: Record<string, unknown>[];
  lines: string[];
}

/**
 * A task that names tools of the user by their names has them called, one after the other in the order named. Arguments come
 * from what earlier ones answered and from the task, by name.
 */
export const namedTools: Rule<State> = {
  name: 'named-tools',
  start: (situation) => {
    const ahead = namedIn(situation);
    return ahead.length === 0 ? undefined : callNext({ ahead, values: [], lines: [] }, situation);
  },
  next: (state, outcomes, situation) => callNext(absorb(state, outcomes), situation),
};

/** Names as they are, or as words: `look_up_order` and "look up order". */
function namedIn({ task, tools }: Situation): string[] {
  const text = task.toLowerCase();
  const found = [...tools.keys()]
    .filter((name) => !BUILT_IN.test(name))
    .map((name) => ({ name, at: placeOf(name, text) }));
  const named = found.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));
  return named.slice(0, MAX_TOOLS).map(({ name }) => name);
}

function placeOf(name: string, text: string): number {
  const lower = name.toLowerCase();
  const words = lower.replace(/[_-]+/g, ' ');
  const places = [lower, words].map((form) => text.search(new RegExp(`(?<![\\w-])${form}(?![\\w-])`)));
  return places.filter((at) => at >= 0).reduce((first, at) => (first < 0 ? at : Math.min(first, at)), -1);
}

function absorb({ ahead, values, lines }: State, outcomes: Outcome[]): State {
  const answers = outcomes.map(({ result }) => jsonOf(result)).filter(isRecord);
  const told = outcomes.map(({ name, result }) =>
    result?.outcome === 'ok'
      ? `${name}: ${oneLine(result.content, MAX_RESULT)}`
      : `${name} failed (${shortReason(result)})`,
  );
  return { ahead, values: [...answers.map(small), ...values], lines: [...lines, ...told] };
}

/** What later arguments could need: the top level of an answer, without anything long. */
function small(answer: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(answer).filter(([, value]) => (JSON.stringify(value)?.length ?? 0) <= 2_000),
  );
}

function callNext({ ahead, values, lines }: State, { task, tools }: Situation): Step<State> {
  const [name, ...rest] = ahead;
  const schema = name === undefined ? undefined : tools.get(name);
  if (name === undefined || schema === undefined) {
    return { answer: labelled(`Called as asked: ${lines.join('; ')}.`) };
  }
  const call = { name, arguments: argumentsFor(schema, sourcesOf(task, values)) };
  return { say: labelled(`Calling ${name}.`), calls: [call], state: { ahead: rest, values, lines } };
}
