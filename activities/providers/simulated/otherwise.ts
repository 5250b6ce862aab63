import { labelled, oneLine } from './rule';

/** What is said when no rule fits: that this is no model, what was asked, and how to get one. */
export function otherwiseText(task: string): string {
  const asked = oneLine(task, 300) || 'nothing';
  return labelled(
    `I am the simulated model: fixed rules, no thinking. You asked: “${asked}” — no rule of mine answers that. ` +
      'Set OPENAI_API_KEY or ANTHROPIC_API_KEY and run this again to have a real model do it. What the rules can do: ' +
      'survey a folder and write a report, calculate, tell the time, and call tools that the task names.',
  );
}
