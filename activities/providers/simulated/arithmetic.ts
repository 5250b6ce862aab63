import { isRecord, jsonOf, labelled, type Rule, shortReason } from './rule';

/** How much of a task is searched. */
const SEARCHED = 10_000;
/** Dates and version numbers are no differences and quotients. */
const NO_ARITHMETIC = /\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+)?|\b\d+\.\d+\.\d+\b|\b\d+\/\d+\/\d+\b/g;
const PIECES = /[\d.]+(?:e[+-]?\d+)?|\*\*|[-+*/%^(),×·÷−]|[a-z_][a-z0-9_]*|\s+|./giu;
const FUNCTIONS = /^(?:sum|min|max|mean|median|round|floor|ceil|abs|sqrt|log|ln|log10|exp|pi|e)$/i;
const PERCENT_OF = /(\d+(?:\.\d+)?)\s*(?:%|percent)\s+of\s+(\d+(?:\.\d+)?)/i;

/** Thousands set apart by commas. */
const GROUPED = /(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])/g;
/** "pages 3-5" and "24/7" are arithmetic only where somebody asks for it. */
const RANGE = /^\d+[-/]\d+$/;
const ASKED = /\b(?:what(?:'s| is| are)|calculate|compute|how much|evaluate|sum)\b|=/i;

interface State {
  expression: string;
}

/** An expression in the task goes to the calculator, and its result is the answer. */
export const arithmetic: Rule<State> = {
  name: 'arithmetic',
  start: ({ task, tools }) => {
    const expression = tools.has('calculator') ? expressionIn(task) : undefined;
    if (expression === undefined) return undefined;
    return {
      say: labelled(`Calculating ${expression}.`),
      calls: [{ name: 'calculator', arguments: { expression } }],
      state: { expression },
    };
  },
  next: ({ expression }, [outcome]) => {
    const value = jsonOf(outcome?.result);
    if (isRecord(value)) {
      const about = value.exact === false ? '≈' : '=';
      return { answer: labelled(`${expression} ${about} ${String(value.result)} (from the calculator).`) };
    }
    return { answer: labelled(`The calculator gave no value for ${expression}: ${shortReason(outcome?.result)}.`) };
  },
};

/** The longest piece of the text that reads as arithmetic: at least two operands, or a function of some. */
export function expressionIn(text: string): string | undefined {
  const searched = ungrouped(text.slice(0, SEARCHED)).replace(NO_ARITHMETIC, ' ; ');
  const percent = PERCENT_OF.exec(searched);
  if (percent) return `${percent[2]} * ${percent[1]} / 100`;
  const asked = ASKED.test(searched);
  const candidates = runsOf(searched).filter((run) => isExpression(run) && (asked || !RANGE.test(run)));
  return candidates.reduce<string | undefined>(
    (best, one) => (one.length > (best?.length ?? 0) ? one : best),
    undefined,
  );
}

/** `2,340` is one number, but for arguments of a function, which commas part. */
function ungrouped(text: string): string {
  return /\w\(/.test(text) ? text : text.replace(GROUPED, (number) => number.replaceAll(',', ''));
}

/** Stretches of numbers, operators, parentheses and known functions. */
function runsOf(text: string): string[] {
  const runs: string[] = [];
  let run = '';
  for (const [piece] of text.matchAll(PIECES)) {
    const fits = /^(?:[\d.]|\*\*|[-+*/%^(),×·÷−\s])/u.test(piece) || FUNCTIONS.test(piece);
    if (fits) run += piece;
    else {
      runs.push(run);
      run = '';
    }
  }
  return [...runs, run].map(trimmed);
}

/** Without punctuation of the sentence around it, and parentheses that do not close. */
function trimmed(run: string): string {
  let text = run.trim().replace(/^[,.*/%^×·÷\s]+|[-+*/%^,.×·÷−\s]+$/gu, '');
  for (;;) {
    const open = text.split('(').length - text.split(')').length;
    if (open > 0 && text.startsWith('(')) text = text.slice(1).trim();
    else if (open < 0 && text.endsWith(')')) text = text.slice(0, -1).trim();
    else return text;
  }
}

function isExpression(run: string): boolean {
  const numbers = run.match(/\d+(?:\.\d+)?/g)?.length ?? 0;
  const called = /[a-z_]\s*\(/i.test(run);
  return called ? numbers > 0 : numbers > 1 && /[\d)]\s*(?:\*\*|[-+*/%^×·÷−])\s*[-(\da-z.]/iu.test(run);
}
