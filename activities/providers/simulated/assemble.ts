import { answerOf, expressionOf, type Part, partsIn, REPORT, reportOf, sumsOf } from './assemble-report';
import { isRecord, jsonOf, labelled, type Outcome, type Rule, type Situation, type Step, type ToolUse } from './rule';

/** What putting together knows between two replies; the parts are in the task, and read from there each time. */
interface Assembly {
  phase: 'add' | 'write' | 'answer';
  /** What the calculator found for each sum, in their order; null where it found nothing. */
  found: (string | null)[];
  /** Null when the report was written. */
  writeProblem?: string | null;
}

/** Puts parts of a report together that others answered with: has their figures added up, writes `report.md`, answers. */
export const assemble: Rule<Assembly> = {
  name: 'assemble',
  start: (situation) => {
    const parts = partsIn(situation.task);
    return parts.some(({ totals }) => totals.length > 0) ? add(parts, situation) : undefined;
  },
  next: (state, outcomes, situation) => {
    const parts = partsIn(situation.task);
    if (state.phase === 'add') return write(parts, foundIn(outcomes), situation);
    const { result } = outcomes.find(({ name }) => name === 'files_write') ?? {};
    const writeProblem = result?.outcome === 'ok' ? null : (result?.content ?? 'no result');
    return { answer: answerOf(parts, state.found, { ...situation, writeProblem }) };
  },
};

function add(parts: Part[], situation: Situation): Step<Assembly> {
  const sums = sumsOf(parts);
  if (!situation.tools.has('calculator') || sums.length === 0)
    return write(
      parts,
      sums.map(() => null),
      situation,
    );
  const calls = sums.map((sum) => ({ name: 'calculator', arguments: { expression: expressionOf(sum) } }));
  const say = `Adding up ${sums.length} figures of ${parts.length} parts.`;
  return working({ phase: 'add', found: [] }, say, [...todo(situation, 0), ...calls]);
}

function write(parts: Part[], found: Assembly['found'], situation: Situation): Step<Assembly> {
  if (!situation.tools.has('files_write')) {
    return { answer: answerOf(parts, found, { ...situation, writeProblem: 'I may not write files' }) };
  }
  const content = reportOf(parts, found, situation.task);
  const call = { name: 'files_write', arguments: { path: REPORT, content } };
  return working({ phase: 'write', found }, `Writing ${REPORT}.`, [...todo(situation, 1), call]);
}

/** In the order they were asked for. */
function foundIn(outcomes: readonly Outcome[]): Assembly['found'] {
  return outcomes
    .filter(({ name }) => name === 'calculator')
    .map(({ result }) => {
      const answer = jsonOf(result);
      return isRecord(answer) ? String(answer.result) : null;
    });
}

function working(state: Assembly, say: string, calls: ToolUse[]): Step<Assembly> {
  return { say: labelled(say), calls, state };
}

const STEPS = ['Add the figures of the parts up', `Write ${REPORT}`];

function todo({ tools }: Situation, at: number): ToolUse[] {
  if (!tools.has('todo')) return [];
  const items = STEPS.map((text, index) => ({
    text,
    status: index < at ? 'done' : index === at ? 'active' : 'pending',
  }));
  return [{ name: 'todo', arguments: { items } }];
}
