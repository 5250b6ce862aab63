import { undoSpecOf } from '../compensation';
import type { ToolSpec } from '../tool';
import type { Policy } from './policy';
import { type Condition, parseRule, type Rule } from './rule';
import { namesTool } from './verdict';

/** A rule that cannot mean what its author wanted. */
export interface PolicyProblem {
  /** Below the policy, e.g. `deny.0`. */
  keys: (string | number)[];
  message: string;
  hint: string;
}

/**
 * What is wrong with a policy that holds for these tools. A rule for one tool that is not there is an error, because a prohibition
 * with a typing error forbids nothing; a rule with stars may name no tool.
 * @param every whether these are all tools the policy can meet.
 */
export function policyProblems(policy: Policy, tools: readonly ToolSpec[], every = true): PolicyProblem[] {
  const callable = [...tools, ...tools.filter(({ undoes }) => undoes).map(undoSpecOf)];
  return rulesOf(policy).flatMap(({ keys, text }) => {
    const rule = parseRule(text);
    const meant = callable.filter(({ name }) => namesTool(rule, name));
    if (meant.length > 0) return conditionProblems(rule, meant).map((problem) => ({ keys, ...problem }));
    if (rule.tools.includes('*') || !every) return [];
    const known = callable.map(({ name }) => name).join(', ') || 'none';
    return [{ keys, message: `the rule ${quoted(rule)} names no tool of the agent`, hint: `Its tools: ${known}.` }];
  });
}

function conditionProblems(rule: Rule, tools: readonly ToolSpec[]): Omit<PolicyProblem, 'keys'>[] {
  return rule.conditions.flatMap(({ argument }: Condition) => {
    const [name] = argument ?? [];
    if (name === undefined) {
      if (tools.some(({ subject }) => subject)) return [];
      const hint = `Name the argument: ${rule.tools}(argument=…).`;
      return [{ message: `${quoted(rule)}: ${rule.tools} does not say which argument its rules are about`, hint }];
    }
    if (tools.some((tool) => mayHave(tool, name))) return [];
    const known = [...new Set(tools.flatMap(({ inputSchema }) => Object.keys(inputSchema.properties ?? {})))];
    return [
      { message: `${quoted(rule)}: there is no argument "${name}"`, hint: `Arguments: ${known.join(', ') || 'none'}.` },
    ];
  });
}

function mayHave({ inputSchema: { properties, additionalProperties } }: ToolSpec, argument: string): boolean {
  if (properties === undefined || Object.hasOwn(properties as object, argument)) return true;
  return additionalProperties === true || (typeof additionalProperties === 'object' && additionalProperties !== null);
}

function quoted({ text }: Rule): string {
  return JSON.stringify(text.slice(0, 100));
}

/** Every rule of a policy, and where it stands. */
export function rulesOf({
  allow = [],
  ask = [],
  deny = [],
  tainted = {},
}: Policy): { keys: (string | number)[]; text: string }[] {
  const named = (keys: string[], rules: readonly (string | { rule: string })[]) =>
    rules.map((rule, at) => ({ keys: [...keys, at], text: typeof rule === 'string' ? rule : rule.rule }));
  return [
    ...named(['allow'], allow),
    ...named(['ask'], ask),
    ...named(['deny'], deny),
    ...(['allow', 'ask', 'deny'] as const).flatMap((name) => named(['tainted', name], tainted[name] ?? [])),
  ];
}
