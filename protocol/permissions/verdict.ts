import type { ApprovalTerms } from '../approval';
import { whoDecides } from '../approval-terms';
import type { ToolSpec } from '../tool';
import { type Finding, meetsCondition } from './condition';
import { matchGlob } from './glob';
import { placeOf } from './outside';
import type { Policy, Profile } from './policy';
import { parseRule, type Rule } from './rule';

export type Verdict = 'allow' | 'ask' | 'deny';

/** A permission somebody gave while work ran: it answers what a layer asks, and never what a layer denies. */
export interface Grant {
  rule: string;
  /** Who gave it. */
  by: string;
  /** Milliseconds since epoch, workflow time. */
  at: number;
  /** What it came from, e.g. an approval's id. */
  from: string;
  /** Under which terms it was given: it answers no question that others would have to answer. Default: anybody's. */
  terms?: Pick<ApprovalTerms, 'approvers' | 'quorum' | 'excludeRequester' | 'escalate'>;
}

/** One policy on the way from whoever started the work down to this run, with what was granted under it. */
export interface Layer {
  /** Whose it is: `agent writer`, `run q3-report`. */
  of: string;
  /** Without a profile the layer only narrows: what no rule of it names, it lets pass. */
  policy: Policy;
  grants: Grant[];
}

/** A call as the rules see it. */
export interface AskedCall {
  spec: Pick<ToolSpec, 'name' | 'effect' | 'subject' | 'stays' | 'runsIn'>;
  arguments: unknown;
  /** First path segments that lead out of the run's own workspace. */
  mounts: readonly string[];
  tainted: boolean;
}

export interface Ruling {
  verdict: Verdict;
  /** The rule or profile that decided, and whose: `deny files_delete (agent writer)`. */
  because: string;
  /** Of an `ask`: how the approval is asked for. */
  approval?: ApprovalTerms;
}

const STRICTNESS: Record<Verdict, number> = { allow: 0, ask: 1, deny: 2 };

/**
 * The strictest ruling of all layers: adding a layer can only narrow what may be done.
 * @param answered by whom this very call was approved already (`whoDecides`): layers that ask others still ask.
 */
export function ruleOn(layers: readonly Layer[], call: AskedCall, answered?: ReadonlySet<string>): Ruling {
  let strictest: Ruling = { verdict: 'allow', because: 'no layer forbids it' };
  for (const layer of layers) {
    const ruling = ruleOfLayer(layer, call);
    if (ruling.verdict === 'ask' && answered && isAnswered(ruling, answered)) continue;
    if (STRICTNESS[ruling.verdict] > STRICTNESS[strictest.verdict]) strictest = ruling;
  }
  return strictest;
}

/** Whoever had to be asked has answered what anybody may, too. */
function isAnswered({ approval = {} }: Ruling, answered: ReadonlySet<string>): boolean {
  const who = whoDecides(approval);
  return answered.has(who) || (who === '' && answered.size > 0);
}

/** What one layer says of a call, and by which of its rules. */
export function ruleOfLayer({ of, policy, grants }: Layer, call: AskedCall): Ruling {
  const found = ruleOfPolicy(policy, call);
  const ruling: Ruling = { ...found, because: `${found.because} (${of})` };
  if (ruling.verdict !== 'ask') return ruling;
  ruling.approval ??= policy.approval ?? {};
  const given = ({ terms = {} }: Grant) => new Set([whoDecides(terms)]);
  const grant = grants.find((one) => isAnswered(ruling, given(one)) && applies(one.rule, call, 'yes'));
  return grant ? { verdict: 'allow', because: `granted by ${grant.by}: ${grant.rule}` } : ruling;
}

function ruleOfPolicy(policy: Policy, call: AskedCall): Ruling {
  const { tainted, profile } = policy;
  const denied =
    firstOf(policy.deny, call, 'unsure') ?? (call.tainted ? firstOf(tainted?.deny, call, 'unsure') : undefined);
  if (denied) return { verdict: 'deny', because: `deny ${denied}` };
  const asked = policy.ask?.find((entry) => applies(ruleOfEntry(entry), call, 'unsure'));
  if (asked) {
    const because = `ask ${ruleOfEntry(asked)}`;
    return { verdict: 'ask', because, ...(typeof asked === 'object' && { approval: asked.approval }) };
  }
  const trusted = call.tainted ? firstOf(tainted?.allow, call, 'yes') : undefined;
  if (call.tainted && !trusted) {
    const wary = firstOf(tainted?.ask, call, 'unsure');
    if (wary) return { verdict: 'ask', because: `ask ${wary} after content from outside` };
  }
  const allowed = firstOf(policy.allow, call, 'yes');
  if (call.tainted && !trusted && profile === 'strict' && (leavesTheRun(call) || choosesAddress(call))) {
    return { verdict: 'ask', because: 'profile strict asks after content from outside' };
  }
  if (allowed) return { verdict: 'allow', because: `allow ${allowed}` };
  return profile ? ofProfile(profile, call) : { verdict: 'allow', because: 'narrows nothing here' };
}

function ofProfile(profile: Profile, call: AskedCall): Ruling {
  const because = `profile ${profile}`;
  if (profile === 'owner' || !leavesTheRun(call)) return { verdict: 'allow', because };
  if (profile === 'standard' && call.spec.effect === 'idempotent') return { verdict: 'allow', because };
  return { verdict: 'ask', because: `${because} asks for effects` };
}

/** Whether the call may change anything but the run's own state and files. */
function leavesTheRun({ spec, arguments: args, mounts }: AskedCall): boolean {
  return spec.effect !== 'read' && spec.runsIn === 'activity' && placeOf(spec, args, mounts) === 'outside';
}

/** A read whose address the model makes up can carry anything out in it. */
function choosesAddress({ spec }: AskedCall): boolean {
  return spec.effect === 'read' && spec.subject?.kind === 'url';
}

function ruleOfEntry(entry: NonNullable<Policy['ask']>[number]): string {
  return typeof entry === 'string' ? entry : entry.rule;
}

function firstOf(rules: readonly string[] | undefined, call: AskedCall, least: Finding): string | undefined {
  return rules?.find((rule) => applies(rule, call, least));
}

/** @param least what is needed: to allow something the rule must apply for sure, to forbid it a doubt is enough. */
function applies(text: string, { spec, arguments: args }: AskedCall, least: Finding): boolean {
  const rule = parseRule(text);
  if (!namesTool(rule, spec.name)) return false;
  return rule.conditions.every((condition) => {
    const finding = meetsCondition(condition, args, spec.subject);
    return finding === 'yes' || (finding === 'unsure' && least === 'unsure');
  });
}

/** Whether a rule is about a tool. */
export function namesTool({ tools }: Rule, name: string): boolean {
  return matchGlob(tools, name, false).full;
}

/** Whether every layer lets the run use a model. */
export function mayUseModel(layers: readonly Layer[], model: string): boolean {
  return layers.every(({ policy: { models } }) => {
    return models === undefined || namesModel(models, model);
  });
}

/** @param models patterns of `provider/model`. */
export function namesModel(models: readonly string[], model: string): boolean {
  return models.some((pattern) => matchGlob(pattern, model, false).full);
}
