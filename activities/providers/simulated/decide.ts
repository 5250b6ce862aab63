import { arithmetic } from './arithmetic';
import { assemble } from './assemble';
import { dates } from './dates';
import { instanceFor } from './instance';
import { namedTools } from './named-tools';
import type { Notes } from './notes';
import { otherwiseText } from './otherwise';
import { planFor } from './plan';
import { labelled, type Outcome, type Rule, type Situation, type Step } from './rule';
import { browse, survey } from './survey';

/** In order of precedence: the first that has something to say. Each one ends by itself; see `MAX_STEPS`. */
const RULES: readonly Rule<unknown>[] = [namedTools, assemble, survey, arithmetic, dates, browse];

/** Replies one task may take. The rules end much earlier; this is for what nobody thought of. */
const MAX_STEPS = 3_000;

export interface Decision {
  rule: string;
  step: Step<unknown>;
}

/** The first step on a task. An output schema goes before everything: the answer must satisfy it. */
export function firstStep(situation: Situation): Decision {
  if (situation.outputSchema) {
    const plan = planFor(situation.outputSchema, situation.task);
    const instance = plan ?? instanceFor(situation.outputSchema, situation.heard);
    return { rule: 'schema', step: { answer: JSON.stringify(instance, null, 2) } };
  }
  for (const rule of RULES) {
    const step = rule.start(situation);
    if (step) return { rule: rule.name, step };
  }
  return { rule: 'otherwise', step: { answer: otherwiseText(situation.task) } };
}

/** The step after the calls of the last reply. */
export function nextStep(notes: Notes, outcomes: Outcome[], situation: Situation): Decision {
  const rule = RULES.find(({ name }) => name === notes.rule);
  if (!rule) return firstStep(situation);
  const step =
    notes.step < MAX_STEPS
      ? rule.next(notes.state, outcomes, situation)
      : { answer: labelled(`I stopped after ${MAX_STEPS} steps without an end.`) };
  return { rule: rule.name, step };
}
