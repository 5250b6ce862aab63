import type { ApprovalTerms } from '../approval';
import type { ToolSpec } from '../tool';
import { combined, type WholePolicy } from './combined';
import type { Policy } from './policy';
import { rulesOf } from './policy-problems';
import { parseRule } from './rule';
import { namesTool, type Ruling, ruleOfLayer, type Verdict } from './verdict';
import { witnessOf } from './witness';

/** What the rules answer, and whose rule it is. */
export interface Answer {
  verdict: Verdict;
  /** The rule or profile that decides. */
  because: string;
  /** Of an `ask`: whom, and how. */
  approval?: ApprovalTerms;
}

/** A rule with conditions, and what it does where they hold. */
export interface RuleCase {
  rule: string;
  verdict: Verdict;
  /** Whose rule: `worker` (its settings, for every agent) or `agent`. */
  of: 'worker' | 'agent';
  /** Only once content from outside is in the conversation. */
  tainted: boolean;
  /** What holds for a call that the rule names; something else than the rule says where a stricter one decides. */
  decides: Answer | null;
}

export interface ExplainedTool {
  name: string;
  effect: ToolSpec['effect'];
  /** Where no rule with conditions applies. */
  otherwise: Answer;
  /** The same, in a mounted folder; absent where that makes no difference. */
  mounted?: Answer;
  /** The same, after content from outside; absent where that makes no difference. */
  tainted?: Answer;
  /** Rules with conditions, the strictest first. */
  cases: RuleCase[];
}

export interface Weakness {
  code: 'never-matches' | 'never-decides' | 'tainted-once';
  message: string;
  rule?: string;
  tool?: string;
}

/** The policies of a worker and of an agent, as one layer in which both hold. */
export interface Policies {
  agent: string;
  worker: Policy;
  own: Policy;
}

const STRICTEST: Verdict[] = ['deny', 'ask', 'allow'];

/** What an agent may do with a tool, by the code that decides while it runs. */
export function explainTool(policies: Policies, spec: ToolSpec): ExplainedTool {
  const { name, effect } = spec;
  const plain = withoutConditions(policyOf(policies));
  const answer = (more: Partial<Asked> = {}) => ask(policies, plain, spec, more);
  const otherwise = answer();
  const mounted = answer({ mounts: ['folder'] });
  const tainted = answer({ tainted: true });
  return {
    name,
    effect,
    otherwise,
    ...(mounted.verdict !== otherwise.verdict && { mounted }),
    ...(tainted.verdict !== otherwise.verdict && { tainted }),
    cases: casesOf(policies, spec),
  };
}

/** Rules that do nothing, and effects that content from outside can bring about. */
export function weaknessesOf(policies: Policies, tools: readonly ToolSpec[], readsOutside: boolean): Weakness[] {
  const idle = listed(policies).flatMap((entry) => idleRule(policies, entry, tools));
  return readsOutside ? [...idle, ...tools.flatMap((spec) => taintedEffect(policies, spec))] : idle;
}

interface Listed {
  text: string;
  verdict: Verdict;
  tainted: boolean;
  of: 'worker' | 'agent';
}

function listed({ worker, own }: Policies): Listed[] {
  const of = (policy: Policy, whose: Listed['of']) =>
    rulesOf(policy).map(({ keys, text }) => ({
      text,
      verdict: keys[keys.length - 2] as Verdict,
      tainted: keys[0] === 'tainted',
      of: whose,
    }));
  return [...of(worker, 'worker'), ...of(own, 'agent')];
}

function idleRule(policies: Policies, entry: Listed, tools: readonly ToolSpec[]): Weakness[] {
  const { text: rule, verdict, of } = entry;
  const parsed = parseRule(rule);
  const meant = tools.filter(({ name }) => namesTool(parsed, name));
  // A worker's rules are for all its agents.
  if (meant.length === 0) {
    const message = `${verdict} ${rule} names no tool of the agent`;
    return of === 'agent' ? [{ code: 'never-matches', rule, message }] : [];
  }
  const witnesses = meant.map((spec) => ({ spec, args: witnessOf(parsed, spec) }));
  if (witnesses.every(({ args }) => args === 'never')) {
    const message = `${verdict} ${rule} can never match: its conditions exclude each other`;
    return [{ code: 'never-matches', rule, message }];
  }
  const plain = withoutConditions(policyOf(policies));
  const over = witnesses.map(({ spec }) => ask(policies, plain, spec, entry));
  if (!over.every((found) => isStricter(found, entry))) return [];
  const message = `${verdict} ${rule} never decides anything: ${over[0]?.because} does, whatever the arguments are`;
  return [{ code: 'never-decides', rule, message }];
}

/** Whether a rule without conditions is stricter; a profile gives way to any rule. */
function isStricter({ verdict, because }: Answer, entry: Listed): boolean {
  return STRICTEST.indexOf(verdict) < STRICTEST.indexOf(entry.verdict) && /^(deny|ask) /.test(because);
}

function taintedEffect(policies: Policies, spec: ToolSpec): Weakness[] {
  if (spec.effect !== 'once') return [];
  const policy = policyOf(policies);
  const free = [
    ask(policies, withoutConditions(policy), spec, { tainted: true }),
    ...casesOf(policies, spec).flatMap(({ decides, tainted, verdict }) =>
      decides && tainted && verdict === 'allow' ? [decides] : [],
    ),
    ...conditionalAllows(policies, spec),
  ].find(({ verdict }) => verdict === 'allow');
  if (!free) return [];
  const message = `${spec.name} takes effect without asking even after content from outside was read: ${free.because}`;
  return [{ code: 'tainted-once', tool: spec.name, message }];
}

/** What `allow` rules with conditions come to after content from outside. */
function conditionalAllows(policies: Policies, spec: ToolSpec): Answer[] {
  return casesOf(policies, spec)
    .filter(({ verdict, tainted }) => verdict === 'allow' && !tainted)
    .flatMap(({ rule }) => {
      const args = witnessOf(parseRule(rule), spec);
      return typeof args === 'object' ? [ask(policies, policyOf(policies), spec, { args, tainted: true })] : [];
    });
}

function casesOf(policies: Policies, spec: ToolSpec): RuleCase[] {
  const cases = listed(policies).flatMap(({ text, verdict, tainted, of }) => {
    const parsed = parseRule(text);
    if (parsed.conditions.length === 0 || !namesTool(parsed, spec.name)) return [];
    const args = witnessOf(parsed, spec);
    const decides = typeof args === 'object' ? ask(policies, policyOf(policies), spec, { args, tainted }) : null;
    return [{ rule: text, verdict, of, tainted, decides }];
  });
  return cases.sort((a, b) => STRICTEST.indexOf(a.verdict) - STRICTEST.indexOf(b.verdict));
}

interface Asked {
  args: unknown;
  mounts: string[];
  tainted: boolean;
}

function ask(policies: Policies, policy: Policy, spec: ToolSpec, more: Partial<Asked>): Answer {
  const { args = {}, mounts = [], tainted = false } = more;
  const layer = { of: `agent ${policies.agent}`, policy, grants: [] };
  const ruling = ruleOfLayer(layer, { spec, arguments: args, mounts, tainted });
  return answerOf(ruling, policies);
}

/** The worker's rules and the agent's are one layer while it runs; here it is said whose it is. */
function answerOf({ verdict, because, approval }: Ruling, policies: Policies): Answer {
  const [, rule] = /^(?:deny|ask|allow) (.*?)(?: after content from outside)? \(agent [^)]*\)$/.exec(because) ?? [];
  const theirs = rule !== undefined && rulesOf(policies.worker).some(({ text }) => text === rule);
  const profile = because.startsWith('profile') && policies.own.profile === undefined;
  const whose = theirs || profile ? "the worker's settings" : `agent ${policies.agent}`;
  return {
    verdict,
    because: because.replace(/ \(agent [^)]*\)$/, ` (${whose})`),
    ...(verdict === 'ask' && approval && { approval }),
  };
}

function policyOf({ worker, own }: Policies): WholePolicy {
  return combined(worker, own);
}

/** Only what holds whatever the arguments are. */
function withoutConditions(policy: WholePolicy): Policy {
  const plain = (text: string) => parseRule(text).conditions.length === 0;
  const { allow, ask: asks, deny, tainted } = policy;
  return {
    ...policy,
    allow: allow.filter(plain),
    ask: asks.filter((entry) => plain(typeof entry === 'string' ? entry : entry.rule)),
    deny: deny.filter(plain),
    tainted: {
      allow: tainted.allow.filter(plain),
      ask: tainted.ask.filter(plain),
      deny: tainted.deny.filter(plain),
    },
  };
}
