import { isRecord, jsonOf, labelled, type Rule, type Situation, shortReason, type ToolUse } from './rule';

const SEARCHED = 10_000;
const ABOUT_TIME =
  /\b(?:what(?:'s| is)? (?:the )?(?:time|date|day)|time is it|current (?:time|date|day)|date|time|today|clock|weekday|which day|now)\b/i;
const ISO_DATE = /\b\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?/g;
const SHIFT = /(\d+)\s+(year|month|week|day|hour|minute|second)s?\s+(after|from|before|ago)/i;
const ZONE = /\b(?:UTC|[A-Z][A-Za-z]+\/[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z_]+)?)\b/;

/** Questions of time and date go to the clock tools. */
export const dates: Rule<null> = {
  name: 'dates',
  start: (situation) => {
    const call = clockCall(situation);
    return call && { say: labelled('Looking at the clock.'), calls: [call], state: null };
  },
  next: (_, [outcome]) => {
    const value = jsonOf(outcome?.result);
    if (!isRecord(value)) return { answer: labelled(`The clock gave no answer: ${shortReason(outcome?.result)}.`) };
    if (typeof value.local !== 'string') {
      return { answer: labelled(`Between the two lie ${String(value.days)} days (${String(value.seconds)} seconds).`) };
    }
    return { answer: labelled(`It is ${String(value.weekday)}, ${value.local} (${String(value.timeZone)}).`) };
  },
};

function clockCall({ task, tools }: Situation): ToolUse | undefined {
  const text = task.slice(0, SEARCHED);
  const timeZone = ZONE.exec(text)?.[0] ?? 'UTC';
  const [from, to] = text.match(ISO_DATE) ?? [];
  if (from !== undefined && to !== undefined && tools.has('clock_between')) {
    return { name: 'clock_between', arguments: { from, to, timeZone } };
  }
  const [, count, unit, direction] = SHIFT.exec(text) ?? [];
  if (from !== undefined && count !== undefined && tools.has('clock_shift')) {
    const sign = direction?.toLowerCase() === 'before' ? -1 : 1;
    return { name: 'clock_shift', arguments: { from, timeZone, [`${unit?.toLowerCase()}s`]: sign * Number(count) } };
  }
  return tools.has('clock_now') && ABOUT_TIME.test(text) ? { name: 'clock_now', arguments: { timeZone } } : undefined;
}
