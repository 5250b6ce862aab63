import { lookCall, lookTool, type Part, readCall, readPart, readSeen } from './file-tools';
import { otherwiseText } from './otherwise';
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
  type ToolUse,
} from './rule';
import { partText } from './survey-part';
import { answerText, REPORT, reportText } from './survey-report';
import {
  addFile,
  addProblem,
  figureOf,
  newSurvey,
  type Phase,
  type Sum,
  type Survey,
  type SurveyedFile,
  setFile,
} from './survey-state';
import { endReading, readOn, startReading } from './text-figures';

/** Calls to look into folders and to read, over the whole survey: it ends whatever the tools answer. */
const MAX_LOOKS = 200;
const MAX_READS = 2_000;
const LEAST_CHUNK = 1_024;
const LEAST_LIMIT = 5;
/** The sums worth a call of the calculator. */
const CHECKED: readonly Sum[] = ['bytes', 'lines', 'words'];

const ABOUT_FILES =
  /\b(?:folders?|director(?:y|ies)|files?|docs?|documents?|documentation|reports?|summar(?:y|i[sz]e|ies)|read|survey|overview|repo|repository|codebase)\b/i;

/**
 * Surveys the workspace: looks for all files, reads the text files, counts, has the calculator check the sums, writes
 * `report.md` or, asked for a part of a report, answers with that. Every reply carries the whole state, so only the last reply and its results are looked at.
 */
export const survey: Rule<Survey> = {
  name: 'survey',
  start: (situation) => {
    const able = lookTool(situation.tools) !== undefined && ABOUT_FILES.test(situation.task);
    return able ? proceed(newSurvey(situation.task), situation) : undefined;
  },
  next: (state, outcomes, situation) => proceed(absorb(structuredClone(state), outcomes), situation),
};

/** For tasks no other rule understands: where the workspace has files, they are what is meant. */
export const browse: Rule<Survey> = {
  ...survey,
  name: 'browse',
  start: (situation) =>
    lookTool(situation.tools) === undefined
      ? undefined
      : proceed(newSurvey(situation.task, { casual: true }), situation),
};

/** What the results of the last calls add to what is known. */
function absorb(state: Survey, outcomes: Outcome[]): Survey {
  for (const outcome of outcomes) {
    if (outcome.name === 'calculator') absorbCheck(state, outcome);
    else if (outcome.name === 'files_write') state.writeProblem = writeProblem(outcome);
    else if (outcome.name !== 'todo' && outcome.name !== 'files_read') absorbLook(state, outcome);
  }
  absorbReads(
    state,
    outcomes.filter(({ name }) => name === 'files_read'),
  );
  return state;
}

function absorbLook(state: Survey, outcome: Outcome): void {
  const seen = readSeen(outcome);
  const { path, after } = outcome.arguments as { path: string; after?: string };
  if (seen === 'cut' && state.limit > LEAST_LIMIT) {
    state.limit = Math.floor(state.limit / 2);
    state.looks.unshift({ path, ...(after !== undefined && { after }) });
  } else if (seen === 'cut') {
    addProblem(state, `${outcome.name} "${path}": the answer was cut`);
  } else if ('problem' in seen) {
    addProblem(state, seen.problem);
  } else {
    for (const file of seen.files) if (file.path !== REPORT) addFile(state, file.path, file.bytes);
    state.special += seen.special;
    const onward = seen.after === undefined || seen.after === after ? [] : [{ path, after: seen.after }];
    state.looks.unshift(...onward, ...seen.folders.map((folder) => ({ path: folder })));
  }
}

function absorbReads(state: Survey, outcomes: Outcome[]): void {
  const parts = outcomes.map((outcome) => ({ outcome, part: readPart(outcome) }));
  const crowded = parts.some(({ outcome, part }) => part === 'cut' && !isTooLargeAlone(outcome));
  const again = crowded && askForLess(state);
  for (const { outcome, part } of parts) {
    setFile(state, outcome.arguments.path, (file) => {
      if (part !== 'cut') return withPart(file, part);
      if (isTooLargeAlone(outcome)) return inSmallerPieces(file, outcome.arguments.bytes);
      return again ? file : withPart(file, CUT);
    });
  }
}

const CUT = { problem: 'its text was cut on the way' };

/** Either one answer was too large for the history, or all of them were together for the context. */
function isTooLargeAlone({ result }: Outcome): boolean {
  return result?.artifact !== undefined;
}

function inSmallerPieces(file: SurveyedFile, bytes: unknown): SurveyedFile {
  const chunk = Math.floor(Number(bytes) / 2);
  return chunk >= LEAST_CHUNK ? { ...file, chunk } : withPart(file, CUT);
}

/** Fewer files together, then smaller pieces; what was cut is read again. False when at the least. */
function askForLess(state: Survey): boolean {
  if (state.batch > 1) state.batch = Math.floor(state.batch / 2);
  else if (state.chunk > LEAST_CHUNK) state.chunk = Math.floor(state.chunk / 2);
  else return false;
  return true;
}

function withPart(file: SurveyedFile, part: Exclude<Part, 'cut'>): SurveyedFile {
  const { path, bytes } = file;
  if (part === 'binary') return { path, bytes, status: 'binary' };
  if ('problem' in part) return { path, bytes, status: 'unread', reason: part.problem };
  const reading = readOn(file.reading ?? startReading(path), part.text);
  return part.next === undefined
    ? { path, bytes, status: 'read', figures: endReading(reading) }
    : { ...file, at: part.next, reading };
}

/** Checks are answered in the order they were asked for. */
function absorbCheck(state: Survey, { result }: Outcome): void {
  const answer = jsonOf(result);
  const check = state.checks.find(({ found }) => found === '');
  if (check) check.found = isRecord(answer) ? String(answer.result) : shortReason(result);
}

function writeProblem({ result }: Outcome): string | null {
  return result?.outcome === 'ok' ? null : shortReason(result);
}

/** The next step; a phase with nothing left to do gives way to the one after it. */
function proceed(state: Survey, situation: Situation): Step<Survey> {
  for (;;) {
    const step = PHASES[state.phase](state, situation);
    if (step !== undefined) return step;
  }
}

const PHASES: Record<Phase, (state: Survey, situation: Situation) => Step<Survey> | undefined> = {
  look,
  read,
  check,
  write,
  close: (state, situation) => {
    const list = todo(state, situation);
    state.phase = 'answer';
    return list.length > 0 ? working(state, 'Ticking off the last step.', list) : undefined;
  },
  answer: (state, { task }) => ({ answer: state.part ? partText(state) : answerText(state, task) }),
};

function look(state: Survey, situation: Situation): Step<Survey> | undefined {
  if (state.looks.length > 0 && state.looked >= MAX_LOOKS) {
    addProblem(state, `looking stopped after ${MAX_LOOKS} calls; what lies beyond is not in the figures`);
    state.looks = [];
  }
  const tool = lookTool(situation.tools);
  const looks = tool === undefined ? [] : state.looks.splice(0, state.batch);
  if (tool === undefined || looks.length === 0) {
    if (state.casual && state.files.length === 0) return { answer: otherwiseText(situation.task) };
    return enter(state, 'read');
  }
  const first = state.looked === 0;
  state.looked += looks.length;
  const found = state.files.length + state.beyond.files;
  const say = first ? 'Looking what files there are.' : `Looking on: ${found} files so far.`;
  const calls = looks.map((one) => lookCall(tool, one, state.limit));
  return working(state, say, first && !state.casual ? [...todo(state, situation), ...calls] : calls);
}

function read(state: Survey, situation: Situation): Step<Survey> | undefined {
  const waiting = state.files.filter(({ status }) => status === 'waiting');
  const batch = waiting.slice(0, Math.min(state.batch, MAX_READS - state.reads));
  if (batch.length === 0) {
    const late = { problem: `not reached in ${MAX_READS} reads` };
    for (const { path } of waiting) setFile(state, path, (file) => withPart(file, late));
    return enter(state, 'check');
  }
  const first = state.reads === 0;
  state.reads += batch.length;
  const done = state.files.length - waiting.length;
  const names = batch.map(({ path }) => oneLine(path, 60)).join(', ');
  const calls = batch.map(({ path, at = 0, chunk = state.chunk }) => readCall(path, at, Math.min(chunk, state.chunk)));
  const say = `Reading ${names} (${done} of ${state.files.length} files done).`;
  return working(state, say, first ? [...todo(state, situation), ...calls] : calls);
}

/** The figures that were counted, added up by someone else. */
function check(state: Survey, situation: Situation): Step<Survey> | undefined {
  const asked = state.checks.length > 0 || state.files.length === 0;
  if (asked || !situation.tools.has('calculator')) return enter(state, 'write');
  state.checks = CHECKED.map((figure) => ({ figure, found: '' }));
  const calls = CHECKED.map((figure) => {
    const expression = `sum(${state.files.map((file) => figureOf(file, figure)).join(', ')})`;
    return { name: 'calculator', arguments: { expression } };
  });
  return working(state, 'Checking the sums with the calculator.', [...todo(state, situation), ...calls]);
}

function write(state: Survey, situation: Situation): Step<Survey> | undefined {
  const writes = !state.part && situation.tools.has('files_write');
  if (state.writeProblem !== undefined || !writes) return enter(state, 'close');
  const content = reportText(state, situation.task);
  // Should no result ever come, the attempt was still made.
  state.writeProblem = 'no result';
  const call = { name: 'files_write', arguments: { path: REPORT, content } };
  return working(state, `Writing ${REPORT}.`, [...todo(state, situation), call]);
}

function enter(state: Survey, phase: Phase): undefined {
  state.phase = phase;
}

function working(state: Survey, say: string, calls: ToolUse[]): Step<Survey> {
  return { say: labelled(say), calls, state };
}

const PLAN: readonly { phase: Phase; text: string; needs?: string }[] = [
  { phase: 'look', text: 'Find out what files there are' },
  { phase: 'read', text: 'Read the text files and count' },
  { phase: 'check', text: 'Check the sums with the calculator', needs: 'calculator' },
  { phase: 'write', text: `Write ${REPORT}`, needs: 'files_write' },
];

/** The plan as the run's list of steps, where the agent has one. */
function todo(state: Survey, { tools }: Situation): ToolUse[] {
  if (!tools.has('todo')) return [];
  const at = PLAN.findIndex(({ phase }) => phase === state.phase);
  const statusOf = (index: number): string => (at < 0 || index < at ? 'done' : index === at ? 'active' : 'pending');
  const items = PLAN.map(({ text }, index) => ({ text, status: statusOf(index) }));
  const able = PLAN.map(({ phase, needs = 'todo' }) => tools.has(needs) && !(state.part && phase === 'write'));
  return [{ name: 'todo', arguments: { items: items.filter((_, index) => able[index]) } }];
}
